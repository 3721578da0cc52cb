// What the kernel does rarely, provoked on a whole server: nothing is lost, nothing comes twice, nothing spins.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Server } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import type { WirePeer } from 'holdline/testing'
import { Native } from '../../../src/engines/uring/ffi.ts'
import { Kind, kindOf, Operation } from '../../../src/engines/uring/operations.ts'
import { Ring } from '../../../src/engines/uring/ring.ts'
import type { CompletionSink } from '../../../src/engines/uring/ring.ts'
import type { UringEngineOptions } from '../../../src/engines/uring/uring-engine.ts'
import { connectAll, connectTo, eventually, nativeWith, serveOn } from './stand.ts'

async function serving(t: TestContext, options: UringEngineOptions): Promise<Server> {
  const server = await serveOn(options)
  t.after(() => server.close({ graceMs: 0 }))
  return server
}

/** Every line sends its own messages, all in one turn; each gets them back, in order. */
async function everybodyAtOnce(peers: readonly WirePeer[], each = 8, bytes = 300): Promise<void> {
  const texts = (line: number): string[] =>
    Array.from({ length: each }, (_, i) => `${line} ${i} `.padEnd(bytes, '.'))
  for (let i = 0; i < each; i++)
    for (const [line, peer] of peers.entries()) peer.text(texts(line)[i]!)
  await eventually('all answers', () => peers.every((peer) => peer.frameCount >= each))
  for (const [line, peer] of peers.entries()) {
    assert.equal(peer.frameCount, each)
    assert.deepEqual(await peer.messages(each), texts(line))
  }
}

function leave(peers: readonly WirePeer[]): void {
  for (const peer of peers) peer.cut()
}

/** An idle process takes next to nothing of the processor. */
async function isQuiet(): Promise<void> {
  const before = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, 400))
  const { user, system } = process.cpuUsage(before)
  assert.ok(user + system < 150_000, `${(user + system) / 1_000} ms of 400`)
}

const incremental = { incremental: true }
const single = { incremental: false }

for (const [what, options] of [
  ['a submission queue of 4', { ring: { submissions: 4, completions: 4_096 } }],
  ['a completion queue of 8', { ring: { submissions: 4, completions: 8 } }],
  ['a completion queue of 16 behind one of 16', { ring: { submissions: 16, completions: 16 } }],
  ['four buffers for all', { buffers: { ...single, maxBytes: 32_768 } }],
  ['buffers of one kind', { buffers: incremental }],
  ['buffers of the other kind', { buffers: single }],
  [
    'everything at once',
    {
      ring: { submissions: 4, completions: 8 },
      buffers: { ...single, maxBytes: 32_768 },
      lines: { waitAll: false },
    },
  ],
] as const satisfies readonly (readonly [string, UringEngineOptions])[]) {
  test(`300 lines that all speak in one turn, through ${what}`, async (t) => {
    const server = await serving(t, options)
    const peers = await connectAll(server, 300)
    for (let i = 0; i < 2; i++) await everybodyAtOnce(peers)
    await isQuiet()
    leave(peers)
  })
}

test('messages of many buffers each, with four buffers for all', async (t) => {
  const server = await serving(t, { buffers: { incremental: false, maxBytes: 32_768 } })
  const peers = await connectAll(server, 40)
  await everybodyAtOnce(peers, 3, 100_000)
  leave(peers)
})

test('a kernel that takes nothing for a while: all that was written leaves later, in order', async (t) => {
  let refusals = 0
  let refused = 0
  const real = Native.get()
  const native = nativeWith({
    ringEnter(fd, count, min, flags) {
      const EBUSY = -16
      if (count === 0 || refusals === 0) return real.ringEnter(fd, count, min, flags)
      refusals--
      refused++
      return EBUSY
    },
  })
  const server = await serving(t, { ring: { native, submissions: 8, completions: 4_096 } })
  const peers = await connectAll(server, 100)
  for (let i = 0; i < 4; i++) {
    refusals = 60
    await everybodyAtOnce(peers)
    assert.equal(refusals, 0)
  }
  assert.ok(refused >= 240)
  await isQuiet()
  leave(peers)
})

test('receptions that end with each message are begun again', async (t) => {
  const { prototype } = Ring
  const { submit } = prototype
  t.after(() => void (prototype.submit = submit))
  let receptions = 0
  prototype.submit = function (opcode, ...rest) {
    const ends = opcode === Operation.RECEIVE_MULTISHOT
    if (ends) receptions++
    submit.call(this, ends ? Operation.RECEIVE_ONCE : opcode, ...rest)
  }
  const server = await serving(t, {})
  const peers = await connectAll(server, 20)
  receptions = 0
  for (let i = 0; i < 5; i++) await everybodyAtOnce(peers, 1)
  assert.ok(receptions >= 100, `${receptions} receptions`)
  leave(peers)
})

// --- Short sends

for (const waitAll of [false, true]) {
  test(`a slow reader gets every octet once and in order (the kernel goes on by itself: ${waitAll})`, async (t) => {
    const { setSocketOption } = Native.prototype
    t.after(() => void (Native.prototype.setSocketOption = setSocketOption))
    // Accepted sockets inherit it: a few kilobytes fit in.
    Native.prototype.setSocketOption = function (fd, ...rest) {
      const SOL_SOCKET = 1
      const SO_SNDBUF = 7
      setSocketOption.call(this, fd, SOL_SOCKET, SO_SNDBUF, 4_096)
      return setSocketOption.call(this, fd, ...rest)
    }
    const shorts = countShortSends(t)
    const blockBytes = 65_521
    const count = 160
    const server = await serveOn(
      { lines: { waitAll } },
      {
        routes: {
          '/': callbacks({
            limits: { bufferedBytes: 64 * 1_048_576, highWaterBytes: 32 * 1_048_576 },
            message(c) {
              for (let i = 0; i < count; i++) c.send(Buffer.alloc(blockBytes, i + 1))
            },
          }),
        },
      },
    )
    t.after(() => server.close({ graceMs: 0 }))
    const peer = await connectTo(server)
    peer.line.stopReading()
    peer.text('go')
    await new Promise((resolve) => setTimeout(resolve, 100))
    peer.line.startReading()
    for (let i = 0; i < count; i++) {
      const message = (await peer.message()) as Uint8Array
      assert.equal(Buffer.compare(message, Buffer.alloc(blockBytes, i + 1)), 0, `message ${i}`)
    }
    assert.equal(peer.frameCount, 0)
    if (!waitAll) assert.ok(shorts.count > 0, 'no send was short')
    peer.cut()
  })
}

/** Counts sends of which the kernel took a part. */
function countShortSends(t: TestContext): { count: number } {
  const shorts = { count: 0 }
  const { prototype } = Ring
  const { submit, drain } = prototype
  t.after(() => Object.assign(prototype, { submit, drain }))
  const asked = new Map<number, number>()
  prototype.submit = function (...all) {
    const [opcode, , , length, , low] = all
    if (opcode === Operation.SEND) asked.set(low, length)
    submit.apply(this, all)
  }
  prototype.drain = function (sink) {
    const counting: CompletionSink = {
      complete(low, high, result, flags) {
        if (kindOf(high) === Kind.SEND && result > 0 && result < asked.get(low)!) shorts.count++
        sink.complete(low, high, result, flags)
      },
    }
    return drain.call(this, counting)
  }
  return shorts
}

// --- Slots used again

test('lines that come and go in any order hear nothing of each other', async (t) => {
  const server = await serveOn(
    { ring: { submissions: 8, completions: 16 } },
    {
      routes: {
        '/': callbacks({
          message(c, data) {
            c.send(data)
            if (String(data).endsWith('cut')) c.terminate()
          },
        }),
      },
    },
  )
  t.after(() => server.close({ graceMs: 0 }))
  let random = 12_345
  const next = (below: number): number => {
    random = (random * 1_103_515_245 + 12_345) & 0x7fff_ffff
    return (random >> 8) % below
  }
  const staying = await connectAll(server, 10)
  for (let round = 0; round < 25; round++) {
    const visitors = await connectAll(server, 24)
    for (const [i, peer] of visitors.entries()) {
      const say = `${round} ${i}`
      for (let k = next(4); k > 0; k--) peer.text(say)
      const how = next(4)
      if (how === 0) peer.cut()
      else if (how === 1) peer.text(`${say} cut`)
      else if (how === 2) peer.end()
      else peer.close(1000)
    }
    for (const [i, peer] of staying.entries()) peer.text(`${round} stays ${i}`)
    await eventually('those who stay', () => staying.every((peer) => peer.frameCount > 0))
    for (const [i, peer] of staying.entries())
      assert.equal(await peer.message(), `${round} stays ${i}`)
    for (const [i, peer] of visitors.entries()) {
      while (peer.frameCount > 0) {
        const { opcode, payload } = await peer.frame()
        if (opcode === 1)
          assert.match(Buffer.from(payload).toString(), new RegExp(`^${round} ${i}( cut)?$`))
      }
      peer.cut()
    }
  }
  const connections = async (): Promise<number> => (await server.stats()).connections
  for (let tries = 0; (await connections()) > staying.length; tries++) {
    assert.ok(tries < 500, 'lines were left')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  leave(staying)
})
