// What handlers leave to microtasks, ticks and immediates runs at once, and what fails there is the program's to
// hear of: on this engine as on node. The client is another process's; nothing else wakes the server.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RunningProgram } from '../../server/running-program.ts'
import { connectTo } from './stand.ts'

const program = '../../engines/uring/programs/echo.ts'
/** Far more than it takes, and less than any timer of an idle server. */
const promptMs = 200

async function started(engine: string, more: object = {}): Promise<[RunningProgram, number]> {
  const running = new RunningProgram({ engine, ...more }, program)
  const [fact] = await running.factsWith(({ port }) => port !== undefined)
  return [running, fact!.port!]
}

for (const engine of ['node', 'uring']) {
  test(`asynchronous handlers on ${engine} are not left waiting`, async () => {
    const [running, port] = await started(engine)
    await using _ = running
    const peer = await connectTo({ port }, '/async')
    peer.text('warm')
    await peer.message()
    for (let i = 0; i < 10; i++) {
      const since = performance.now()
      peer.text(`${i}`)
      assert.equal(await peer.message(), `${i}`)
      const tookMs = performance.now() - since
      assert.ok(tookMs < promptMs, `${tookMs} ms`)
    }
    peer.cut()
  })

  for (const [what, told, count] of [
    ['throw in nextTick', 'uncaught meant', 1],
    ['throw in a microtask', 'uncaught meant', 1],
    ['throw in two ticks', 'uncaught meant', 2],
    ['throw in nextTick of a promise', 'uncaught meant', 1],
    ['reject', 'rejected Error: meant', 1],
  ] as const) {
    test(`${what} on ${engine}: the program is told at once, and goes on`, async () => {
      const [running, port] = await started(engine)
      await using _ = running
      const peer = await connectTo({ port })
      await peer.message()
      peer.text('warm')
      await peer.message()
      const since = performance.now()
      peer.text(what)
      assert.equal(await peer.message(), what)
      const facts = await running.factsWith(({ error }) => error !== undefined, count)
      const tookMs = performance.now() - since
      assert.deepEqual(
        facts.map(({ error }) => error),
        Array.from({ length: count }, () => told),
      )
      assert.ok(tookMs < promptMs, `${tookMs} ms`)
      if (what === 'throw in two ticks') assert.equal(await peer.message(), 'third')
      assert.ok(performance.now() - since < promptMs * 2)
      peer.text('still here')
      assert.equal(await peer.message(), 'still here')
      peer.cut()
    })
  }

  test(`a storm of errors in ticks on ${engine}: all are told, nobody is cut`, async () => {
    const [running, port] = await started(engine)
    await using _ = running
    const peers = await Promise.all(Array.from({ length: 20 }, () => connectTo({ port })))
    for (let i = 0; i < 20; i++) {
      for (const peer of peers)
        peer.text(i % 2 === 0 ? 'throw in nextTick' : 'throw in a microtask')
      await new Promise((resolve) => setImmediate(resolve))
    }
    // Each also says first which process it talks to.
    for (const peer of peers) assert.equal((await peer.messages(21)).length, 21)
    await running.factsWith(({ error }) => error === 'uncaught meant', 400)
    for (const peer of peers) peer.cut()
  })

  test(`a call back into JavaScript within a tick on ${engine} is no end of the turn, with hooks or without`, async () => {
    const [running, port] = await started(engine)
    await using _ = running
    const peer = await connectTo({ port })
    await peer.message()
    for (const what of ['read a blob', 'hook', 'read a blob']) {
      peer.text(what)
      assert.equal(await peer.message(), what)
      if (what !== 'hook')
        assert.equal(Buffer.from((await peer.message()) as Uint8Array).toString(), 'of a blob')
    }
    peer.cut()
  })

  test(`a handler on ${engine} does not see the AsyncLocalStorage of another connection's`, async () => {
    const [running, port] = await started(engine)
    await using _ = running
    const peers = await Promise.all(Array.from({ length: 8 }, () => connectTo({ port }, '/whose')))
    for (let round = 0; round < 20; round++) {
      for (const [i, peer] of peers.entries()) peer.text(`${i}`)
      for (const peer of peers) assert.equal(await peer.message(), 'nobody')
    }
    for (const peer of peers) peer.cut()
  })

  for (const what of ['throw in nextTick', 'throw in a microtask', 'reject']) {
    test(`${what} on ${engine} where nobody listens ends the process, in order, with 1`, async () => {
      const [running, port] = await started(engine, { heedsErrors: false })
      await using _ = running
      const peer = await connectTo({ port })
      await peer.message()
      peer.text(what)
      assert.equal(await running.exit, 1)
      peer.cut()
    })
  }
}
