// Readers that stop, over real sockets, under each overflow policy: memory stays bounded, and each is told of exactly
// what it was not sent. What it must not know: how the policies do it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Overflow, ServeOptions } from 'holdline'
import { line } from 'holdline/line'
import { openLine } from '../line/line-peer.ts'
import type { LinePeer, Message } from '../line/line-peer.ts'
import { wireServer } from '../server/wire-server.ts'
import type { WireServer } from '../server/wire-server.ts'

const engines = ['node', 'uring'] as const
const READERS = 6
const COUNT = 500
/** Where publishers wait. */
const HELD_COUNT = 200
/** 32 MB altogether: more than the sockets of all readers hold. */
const pad = 'x'.repeat(65_536)

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

function heldBytes(): number {
  gc()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function served(
  engine: (typeof engines)[number],
  overflow: Overflow,
  count: number,
): Promise<WireServer> {
  const topics = {
    flood: {
      history: { count, bytes: 67_108_864 },
      overflow,
      lagBytes: 262_144,
      blockMs: 300,
    },
  } satisfies ServeOptions['topics']
  const limits = { bufferedBytes: 1_048_576 }
  return wireServer(engine, { topics, routes: { '/live': line({ limits }) } })
}

async function stoppedReaders(wire: WireServer): Promise<LinePeer[]> {
  const readers: LinePeer[] = []
  for (let i = 0; i < READERS; i++) {
    const reader = await openLine(wire)
    await reader.ask(
      { type: 'subscribe', id: 1, topic: 'flood' },
      { type: 'subscribed', topic: 'flood' },
    )
    reader.peer.line.stopReading()
    readers.push(reader)
  }
  return readers
}

async function flood({ server }: WireServer, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const message = JSON.stringify({ n, pad })
    await server.publish('flood', message, { key: `key ${n % 5}` })
    // The engine has a turn to write in.
    await new Promise(setImmediate)
  }
}

/** Reads until a publication, or the close frame, ends it; every message between two publications is a gap. */
async function readOn(reader: LinePeer, isLast: (message: Message) => boolean): Promise<Message[]> {
  const messages: Message[] = []
  for (;;) {
    const { opcode, payload } = await reader.peer.frame()
    if (opcode === 8) return messages
    const message = JSON.parse(Buffer.from(payload).toString()) as Message
    delete (message['data'] as { pad?: string } | undefined)?.pad
    messages.push(message)
    if (isLast(message)) return messages
  }
}

/** Where the reader stands after these: no offset may be missing that no gap has named. */
function standsAt(messages: readonly Message[], mayConflate = false): number {
  let at = 0
  for (const { type, offset, from, to, count, reason } of messages) {
    if (type === 'gap') {
      assert.equal(from, at, `a gap begins where the reader stands, ${reason}`)
      assert.ok(to > at)
      if (count !== null) assert.equal(count, to - from)
      at = to
    } else {
      assert.equal(type, 'pub')
      if (mayConflate) assert.ok(offset > at)
      else assert.equal(offset, at + 1, 'nothing was left out without a word')
      at = offset
    }
  }
  return at
}

for (const engine of engines) {
  describe(`readers that stop, on the ${engine} engine`, () => {
    for (const [overflow, kept] of [
      ['dropOldest', 5],
      ['dropNewest', 5],
      ['conflate', 5],
      ['replay', 5],
      ['replay', COUNT + 1],
    ] as const) {
      test(`${overflow}, ${kept} kept: told of exactly what they missed`, async () => {
        await using wire = await served(engine, overflow, kept)
        const readers = await stoppedReaders(wire)
        const before = heldBytes()
        await flood(wire, COUNT)
        const grownBytes = heldBytes() - before
        const historyBytes = kept * (pad.length + 100)
        assert.ok(grownBytes < historyBytes + READERS * 1_600_000, `${grownBytes} bytes more`)

        for (const { peer } of readers) peer.line.startReading()
        await wire.server.publish('flood', JSON.stringify({ n: COUNT }), { key: 'last' })
        for (const reader of readers) {
          const messages = await readOn(reader, ({ offset, to }) => (offset ?? to) === COUNT + 1)
          assert.equal(standsAt(messages, overflow === 'conflate'), COUNT + 1)
          const gaps = messages.filter(({ type }) => type === 'gap')
          if (overflow === 'conflate') {
            const latest = new Map(messages.map(({ key, data }) => [key, data?.n as number]))
            for (let k = 0; k < 5; k++) assert.equal(latest.get(`key ${k}`), COUNT - 5 + k)
          } else assert.equal(gaps.length > 0, kept === 5, 'gaps, where something was missed')
          reader.peer.cut()
        }
      })
    }

    test('disconnect: closed with 1013, and the cursor brings back what is kept', async () => {
      await using wire = await served(engine, 'disconnect', COUNT)
      const readers = await stoppedReaders(wire)
      await flood(wire, COUNT)
      for (const reader of readers) {
        reader.peer.line.startReading()
        const messages = await readOn(reader, () => false).catch(() => [])
        await reader.peer.ended()
        const at = standsAt(messages)
        assert.ok(at < COUNT)
      }
      const { publications, head } = await wire.server.topic('flood').history({ limit: 1 })
      const again = await openLine(wire)
      const since = { epoch: head.epoch, offset: publications[0]!.offset - 1 }
      await again.ask(
        { type: 'subscribe', id: 1, topic: 'flood', since },
        { type: 'subscribed', recovered: true },
      )
      for (let offset = 1; offset <= COUNT; offset++) await again.expect({ type: 'pub', offset })
    })

    test('block: publishers wait for who reads on in time, and no longer than blockMs for who does not', async () => {
      await using wire = await served(engine, 'block', HELD_COUNT)
      const readers = await stoppedReaders(wire)
      const before = heldBytes()
      const flooding = flood(wire, HELD_COUNT)
      while ((await wire.server.stats()).delivery.blocks === 0) await wire.pass(1)
      readers[0]!.peer.line.startReading()
      const read = readOn(readers[0]!, ({ offset }) => offset === HELD_COUNT)
      await flooding
      assert.equal(standsAt(await read), HELD_COUNT)
      while ((await wire.server.stats()).connections > 1) await wire.pass(1)
      assert.ok(heldBytes() - before < HELD_COUNT * (pad.length + 100) + READERS * 1_600_000)
    })
  })
}
