import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PERSIST, READ } from 'holdline/loop'
import { LoopHarness, onEach } from './loop-harness.ts'

onEach('a port in use is refused', async (h) => {
  const { port } = await h.listen(() => {})
  const again = h.loop.listen({ port, host: '127.0.0.1' }, () => {})
  await assert.rejects(again, { code: 'ERR_LISTEN_IN_USE' })
})

onEach('options that make no sense are refused', async (h) => {
  const code = 'ERR_OPTION_INVALID'
  await assert.rejects(
    h.loop.listen({ port: 0, host: 'example.org' }, () => {}),
    { code },
  )
  await assert.rejects(
    h.loop.listen({ port: 0, backlog: 0 }, () => {}),
    { code },
  )
  assert.throws(() => h.loop.connect({ port: -1 }), { code })
})

onEach('a closed listener takes no more lines, and keeps those that came', async (h) => {
  const fds: number[] = []
  const listener = await h.listen((fd) => void fds.push(fd))
  const peer = await h.dial(listener.port)
  await h.until(() => fds.length === 1)
  listener.close()
  let text = 0
  h.loop.watch(fds[0]!, READ | PERSIST, (event) => {
    text += event.read(Buffer.alloc(9))
  })
  peer.send('x')
  await h.until(() => text === 1)
  await h.quiet()
  await assert.rejects(async () => h.dial(listener.port))
})

onEach('a listener closed in its own callback accepts no other', async (h) => {
  h.loop.stop()
  let count = 0
  const listener = await h.listen((_fd, self) => {
    count++
    self.close()
  })
  await h.dial(listener.port)
  await h.dial(listener.port)
  await h.quiet()
  h.loop.runOnce()
  assert.equal(count, 1)
})

onEach('a callback that throws costs its own line, and listening goes on', async (h) => {
  let count = 0
  const listener = await h.listen((fd) => {
    count++
    if (count === 1) throw new Error('oh')
    if (count === 2) {
      h.loop.close(fd)
      throw new Error('closed already')
    }
    if (count === 3) return Promise.reject(new Error('later')) as unknown as void
  })
  for (let i = 0; i < 4; i++) {
    const peer = await h.dial(listener.port)
    await h.until(() => count === i + 1 && (i === 3 || peer.isEnded || peer.isReset))
  }
  const messages = h.failures.splice(0).map(({ error }) => (error.cause as Error).message)
  assert.deepEqual(messages, ['oh', 'closed already', 'later'])
  assert.equal(listener.isAccepting, true)
})

onEach('one turn accepts a bounded number of lines', async (h) => {
  h.loop.stop()
  let count = 0
  const listener = await h.listen(() => void count++)
  await Promise.all(Array.from({ length: 100 }, () => h.dial(listener.port)))
  // Node accepts a few in each of its turns.
  await h.quiet(150)
  h.loop.runOnce()
  assert.equal(count, 64)
  h.loop.runOnce()
  assert.equal(count, 100)
})

test('no descriptor left: accepting pauses, says so once a pause, and goes on by itself', async () => {
  const h = new LoopHarness('sim')
  let count = 0
  const listener = await h.listen(() => void count++)
  h.network.exhaustDescriptors(2)
  await h.dial(listener.port)
  await h.until(() => h.failures.length === 1)
  await h.quiet()
  assert.equal(listener.isAccepting, false)
  await h.pass(100)
  assert.deepEqual(
    h.failures.map(({ error, fd }) => [error.code, fd]),
    Array.from({ length: 2 }, () => ['ERR_LOOP_ACCEPT', listener.fd]),
  )
  await h.pass(100)
  assert.equal(count, 1)
  assert.equal(listener.isAccepting, true)
  h.close()
})

test('a listener closed while accepting pauses stays closed', async () => {
  const h = new LoopHarness('sim')
  const listener = await h.listen(() => assert.fail('accepted'))
  h.network.exhaustDescriptors(1)
  await h.dial(listener.port)
  await h.until(() => h.failures.length === 1)
  listener.close()
  await h.pass(500)
  assert.equal(h.failures.length, 1)
  h.close()
})

test('no descriptor left in the kernel: the line waits there until one is free (epoll)', () => {
  const code = `
    import { closeSync, openSync } from 'node:fs'
    import { connect } from 'node:net'
    import { createLoop } from 'holdline/loop'
    const codes = []
    const loop = createLoop({ backend: 'epoll', starts: false, onError: (error) => {
      codes.push(error.code, error.cause.message)
      for (const fd of used) closeSync(fd)
    } })
    const listener = await loop.listen({ port: 0, host: '127.0.0.1' }, () => {
      console.log(codes.join())
      process.exit(0)
    })
    const socket = connect(listener.port, '127.0.0.1')
    await new Promise((resolve) => socket.on('connect', resolve))
    const used = []
    try { for (;;) used.push(openSync('/dev/null')) } catch {}
    await loop.run()`
  const limited = 'ulimit -n 200; exec "$0" "$@"'
  const run = ['-C', 'source', '--input-type=module', '-e', code]
  const result = spawnSync('sh', ['-c', limited, process.execPath, ...run], {
    encoding: 'utf8',
    cwd: import.meta.dirname,
  })
  assert.equal(result.stdout.trim(), 'ERR_LOOP_ACCEPT,EMFILE', result.stderr)
})

for (const backend of ['epoll', 'net'] as const) {
  test(`a Unix socket is listened on, connected to, and gone afterwards (${backend})`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'loop-'))
    const path = join(folder, 'door')
    const h = new LoopHarness(backend)
    try {
      let text = ''
      const listener = await h.loop.listen({ path }, (fd) => {
        h.loop.watch(fd, READ | PERSIST, (event) => {
          const buffer = Buffer.alloc(64)
          const n = event.read(buffer)
          if (n <= 0) event.close()
          else text += buffer.toString('latin1', 0, n)
        })
      })
      assert.deepEqual(listener.address, { path })
      assert.equal(listener.port, 0)
      await assert.rejects(
        h.loop.listen({ path }, () => {}),
        { code: 'ERR_LISTEN_IN_USE' },
      )
      connect(path).end('from node')
      await h.until(() => text === 'from node')
      const fd = h.loop.connect({ path })
      const event = h.loop.watch(fd, READ | PERSIST, () => {})
      await h.until(() => event.write(Buffer.from('!')) === 1)
      await h.until(() => text === 'from node!')
      const missing = h.loop.watch(h.loop.connect({ path: `${path}.no` }), READ, () => {})
      await h.until(() => missing.error() === -2)
      listener.close()
      await h.quiet()
      assert.equal(existsSync(path), false)
    } finally {
      h.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test(`without a host, every address of the machine is listened on (${backend})`, async () => {
    const h = new LoopHarness(backend)
    let count = 0
    const listener = await h.loop.listen({ port: 0 }, (fd) => {
      count++
      h.loop.close(fd)
    })
    connect(listener.port, '127.0.0.1').on('error', () => {})
    await h.until(() => count === 1)
    h.close()
  })
}
