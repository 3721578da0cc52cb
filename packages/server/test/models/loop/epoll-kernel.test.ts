// What only the kernel's own epoll has: real descriptors, taken over, given back, and woken by Node's loop.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  constants,
  openSync,
  readdirSync,
  closeSync,
  writeSync,
  mkdtempSync,
  rmSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createLoop, EDGE, PERSIST, READ, WRITE } from 'holdline/loop'
import { LoopHarness } from './loop-harness.ts'

const descriptors = (): number => readdirSync('/proc/self/fd').length

test('every descriptor is given back', async () => {
  const before = descriptors()
  for (let i = 0; i < 5; i++) {
    const h = new LoopHarness('epoll')
    const lines = [await h.line(), await h.line(), await h.line()]
    h.loop.watch(lines[0]!.fd, READ | PERSIST | EDGE, () => {})
    h.loop.close(lines[1]!.fd)
    await h.loop.listen({ port: 0 }, () => {})
    h.loop.connect({ port: 1 })
    h.close()
    await h.quiet()
  }
  assert.equal(descriptors(), before)
})

test('a pipe of the process is taken over', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'loop-'))
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const h = new LoopHarness('epoll')
  // Both ways, so that opening waits for nobody.
  const fd = openSync(path, 'r+')
  const writing = openSync(path, 'w')
  let text = ''
  assert.equal(h.loop.adopt(fd), fd)
  assert.throws(() => h.loop.adopt(fd), { code: 'ERR_LOOP_DESCRIPTOR' })
  const event = h.loop.watch(fd, READ | PERSIST, () => {
    const buffer = Buffer.alloc(16)
    for (let n: number; (n = event.read(buffer)) > 0;) text += buffer.toString('latin1', 0, n)
  })
  writeSync(writing, 'through the pipe')
  await h.until(() => text === 'through the pipe')
  h.close()
  closeSync(writing)
  rmSync(folder, { recursive: true })
})

test('a hang-up, which comes unasked and alone, is told as the end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'loop-'))
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const h = new LoopHarness('epoll')
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writing = openSync(path, 'w')
  const results: number[] = []
  const event = h.loop.watch(h.loop.adopt(fd), READ, () =>
    results.push(event.read(Buffer.alloc(16))),
  )
  await h.quiet()
  closeSync(writing)
  await h.until(() => results.length > 0)
  assert.deepEqual(results, [0])
  h.close()
  rmSync(folder, { recursive: true })
})

test('what epoll cannot watch is refused: files, and numbers that are no descriptor', () => {
  const loop = createLoop({ backend: 'epoll' })
  const fd = openSync(import.meta.filename, 'r')
  const code = 'ERR_LOOP_DESCRIPTOR'
  assert.throws(() => loop.adopt(fd), { code, detail: `${fd} (EPERM)` })
  assert.throws(() => loop.adopt(9_999), { code, detail: '9999 (EBADF)' })
  assert.throws(() => loop.adopt(-1), { code })
  closeSync(fd)
  loop.shutDown()
})

test('more lines than one turn takes are all told', async () => {
  const h = new LoopHarness('epoll')
  try {
    const count = 600
    let told = 0
    const listener = await h.listen((fd) => {
      h.loop.watch(fd, WRITE, () => told++)
    })
    const sockets = Array.from({ length: count }, () => connect(listener.port, '127.0.0.1'))
    await h.until(() => told === count)
    for (const socket of sockets) socket.destroy()
  } finally {
    h.close()
  }
})

test('an error comes to who watches for one direction only', async () => {
  for (const flags of [READ | PERSIST, WRITE | PERSIST | EDGE]) {
    const h = new LoopHarness('epoll')
    const { fd, peer } = await h.line()
    const told: number[] = []
    const event = h.loop.watch(fd, flags, (_, what) => told.push(what))
    await h.quiet()
    told.length = 0
    peer.reset()
    await h.until(() => told.length > 0)
    assert.equal(told[0], flags & (READ | WRITE))
    assert.equal(event.error(), -104)
    h.close()
  }
})

test('a loop that has nothing ready costs nothing', async () => {
  const code = `
    import { createLoop, PERSIST, READ } from 'holdline/loop'
    import { connect } from 'node:net'
    const loop = createLoop({ backend: 'epoll' })
    let stopped
    const listener = await loop.listen({ port: 0, host: '127.0.0.1' }, (fd) => {
      stopped = loop.watch(fd, READ | PERSIST, () => { loop.stop(); setTimeout(rest, 20) })
    })
    connect(listener.port, '127.0.0.1').write('x')
    function rest() {
      // Readable and never read, but stopped: Node's loop must not be woken again and again.
      const before = process.cpuUsage()
      setTimeout(() => {
        const { user, system } = process.cpuUsage(before)
        console.log((user + system) / 1000 < 100)
        process.exit(0)
      }, 400)
    }`
  const run = ['-C', 'source', '--input-type=module', '-e', code]
  const result = spawnSync(process.execPath, run, { encoding: 'utf8', cwd: import.meta.dirname })
  assert.equal(result.stdout.trim(), 'true', result.stderr)
  assert.equal(result.status, 0, 'the process ends with its loop open')
})

test('in a worker, the loop is not on epoll: terminated, it would abort the process', () => {
  const code = `
    import { Worker } from 'node:worker_threads'
    const inside = \`
      import { createLoop } from '${import.meta.resolve('holdline/loop')}'
      import { parentPort } from 'node:worker_threads'
      const loop = createLoop()
      const { port } = await loop.listen({ port: 0, host: '127.0.0.1' }, (fd) => loop.close(fd))
      let refused
      try { createLoop({ backend: 'epoll' }) } catch (error) { refused = error.code }
      parentPort.postMessage([loop.backend, refused].join())\`
    const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(inside)))
    await new Promise((resolve, reject) => {
      worker.on('message', (text) => resolve(console.log(text))).on('error', reject)
    })
    await worker.terminate()
    console.log('terminated')`
  const run = ['-C', 'source', '--input-type=module', '-e', code]
  const result = spawnSync(process.execPath, run, { encoding: 'utf8', cwd: import.meta.dirname })
  assert.equal(result.stdout.trim(), 'net,ERR_LOOP_BACKEND\nterminated', result.stderr)
})
