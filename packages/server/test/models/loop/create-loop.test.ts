import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { createLoop, SimNetwork } from 'holdline/loop'
import type { Backend, LoopOptions } from 'holdline/loop'
import { FakeClock } from 'holdline/testing'

const network = new SimNetwork({ clock: new FakeClock() })

test('the best backend that runs is taken, and says why', () => {
  const loop = createLoop()
  assert.equal(loop.backend, 'epoll')
  assert.match(loop.reason, /node:ffi/)
  loop.shutDown()
})

test('a backend that was asked for is taken', () => {
  const options: LoopOptions[] = [
    { backend: 'epoll' },
    { backend: 'net' },
    { backend: 'sim', network },
  ]
  for (const asked of options) {
    const loop = createLoop(asked)
    assert.equal(loop.backend, asked.backend)
    assert.equal(loop.reason, 'it was asked for')
    loop.shutDown()
  }
})

test('what makes no sense is refused', () => {
  const code = 'ERR_OPTION_INVALID'
  assert.throws(() => createLoop({ backend: 'sim' }), { code })
  assert.throws(() => createLoop({ backend: 'net', network }), { code })
  assert.throws(() => createLoop({ network }), { code })
  assert.throws(() => createLoop({ backend: 'kqueue' as Backend }), { code })
})

/** What a program prints in a process of its own. */
function printed(code: string, ...args: string[]): string {
  const result = spawnSync(
    process.execPath,
    ['-C', 'source', ...args, '--input-type=module', '-e', code],
    { encoding: 'utf8', cwd: import.meta.dirname },
  )
  assert.equal(result.status, 0, result.stderr)
  return result.stdout.trim()
}

test('without node:ffi: net by itself, and a refusal of epoll', () => {
  const code = `
    import { createLoop } from 'holdline/loop'
    const loop = createLoop()
    let refused
    try { createLoop({ backend: 'epoll' }) } catch (error) { refused = error }
    console.log(loop.backend, loop.reason.includes('node:ffi'), refused.code, refused.detail === loop.reason)`
  assert.equal(printed(code, '--no-experimental-ffi'), 'net true ERR_LOOP_BACKEND true')
})

test('node:ffi does not warn; a callback that throws does, where nobody takes errors', () => {
  const code = `
    import { createLoop } from 'holdline/loop'
    const warnings = []
    process.on('warning', (warning) => warnings.push(warning.code ?? warning.name))
    const loop = createLoop()
    loop.timer(1, () => { throw new Error('oh') })
    await loop.run()
    await new Promise(setImmediate)
    console.log(warnings.join())`
  assert.equal(printed(code, '--disable-warning=x'), 'ERR_LOOP_CALLBACK')
})

test('timers are of real time where no clock is given, and keep the process', () => {
  const code = `
    import { createLoop } from 'holdline/loop'
    const started = performance.now()
    createLoop().timer(50, () => console.log(performance.now() - started >= 49))`
  assert.equal(printed(code), 'true')
})

test('a loop that waits for nothing does not keep the process; one that listens does', () => {
  for (const backend of ['epoll', 'net']) {
    const code = `
      import { createLoop } from 'holdline/loop'
      const loop = createLoop({ backend: '${backend}' })
      loop.signal('SIGTERM', () => console.log('never'))
      const listener = await loop.listen({ port: 0 }, () => {})
      let ended = false
      setTimeout(() => { ended = true; listener.close() }, 50).unref()
      process.on('exit', () => console.log(ended))`
    assert.equal(printed(code), 'true')
  }
})

test('what onError throws is left to the process', () => {
  const code = `
    import { createLoop } from 'holdline/loop'
    const loop = createLoop({ onError: () => { throw new Error('twice') } })
    process.on('uncaughtException', (error) => console.log(error.message))
    loop.timer(1, () => { throw new Error('once') })
    loop.timer(2, () => console.log('lives'))`
  assert.equal(printed(code), 'twice\nlives')
})

test('starts: false waits for run', async () => {
  const clock = new FakeClock()
  const loop = createLoop({ backend: 'net', clock, starts: false })
  let count = 0
  loop.timer(1, () => count++)
  clock.advance(10)
  assert.equal(count, 0)
  const running = loop.run()
  clock.advance(10)
  await running
  assert.equal(count, 1)
  loop.shutDown()
})
