// Both ends of a line in memory: windows, ends, cuts, and that nothing comes before its turn.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { ONLY_LINE } from '../../../src/connection/transport.ts'
import { FakeClock } from '../../../src/engines/memory/fake-clock.ts'
import { MemoryEngine } from '../../../src/engines/memory/memory-engine.ts'
import { MemoryLine, ReceiveBuffer } from '../../../src/engines/memory/memory-line.ts'
import { bytesOf, piece, writeAllTo, writeTo } from '../../connection/pieces.ts'

interface LineStand {
  readonly clock: FakeClock
  readonly line: MemoryLine
  /** What the connection was told, in order. */
  readonly told: string[]
}

function lineStand(onReceive: (bytes: Uint8Array) => void = () => {}): LineStand {
  const clock = new FakeClock()
  const told: string[] = []
  const line = new MemoryLine(clock, new ReceiveBuffer(), () => told.push('forgotten'))
  const connection = {
    receive: (bytes: Uint8Array, start: number, end: number) => {
      told.push(`received ${Buffer.from(bytes.subarray(start, end)).toString().slice(0, 20)}`)
      onReceive(bytes.subarray(start, end))
    },
    ended: () => told.push('ended'),
    bytesWritten: () => told.push('written'),
    transportClosed: () => told.push('closed'),
  }
  line.connected(connection as never)
  return { clock, line, told }
}

const bytes = (text: string): Uint8Array => Buffer.from(text)

test('bytes arrive in a later turn, chunk by chunk, in memory that is overwritten afterwards', () => {
  const kept: Uint8Array[] = []
  const { clock, line, told } = lineStand((view) => kept.push(view))
  const chunk = Buffer.from('one')
  line.peer.write(chunk)
  chunk.fill(0)
  line.peer.write(bytes('two'))
  line.peer.end()
  line.peer.write(bytes('behind the end'))
  assert.deepEqual(told, [])
  clock.runTurns()
  assert.deepEqual(told, ['received one', 'received two', 'ended'])
  assert.deepEqual(kept, [Buffer.alloc(3, 0xee), Buffer.alloc(3, 0xee)])
})

test('chunks longer than the buffer come in parts', () => {
  const parts: number[] = []
  const { clock, line } = lineStand((view) => parts.push(view.length))
  line.peer.write(new Uint8Array(150_000))
  clock.runTurns()
  assert.deepEqual(parts, [65_536, 65_536, 18_928])
})

test('a paused line holds chunks and the end; resumed, it gives them in a later turn', () => {
  const { clock, line, told } = lineStand()
  line.pause()
  line.peer.write(bytes('a'))
  line.peer.end()
  clock.runTurns()
  assert.deepEqual(told, [])
  line.resume()
  assert.deepEqual(told, [])
  clock.runTurns()
  assert.deepEqual(told, ['received a', 'ended'])
})

test('pausing from within a chunk holds the next', () => {
  const { clock, line, told } = lineStand(() => line.pause())
  line.peer.write(bytes('a'))
  line.peer.write(bytes('b'))
  clock.runTurns()
  assert.deepEqual(told, ['received a'])
})

test('a write is copied when it is taken, and pieces of one write arrive as one', () => {
  const { line } = lineStand()
  const memory = piece('memory')
  assert.ok(line.write(ONLY_LINE, memory.slab, memory.start, memory.end))
  memory.slab.bytes.fill(0)
  assert.ok(writeAllTo(line, 'a', 'b'))
  assert.deepEqual(line.peer.readArrivals().map(String), ['memory', 'ab'])
  assert.equal(line.peer.read().length, 0)
})

test('beyond the window a write stays under way until the window opens', () => {
  const { clock, line, told } = lineStand()
  line.peer.windowBytes = 4
  assert.ok(writeTo(line, 'abc'))
  assert.ok(!writeAllTo(line, 'de', 'fg', 'h'))
  assert.equal(String(line.peer.read()), 'abcd')
  assert.throws(() => writeTo(line, 'x'), /under way/)
  line.peer.windowBytes = 2
  assert.equal(String(line.peer.read()), 'ef')
  clock.runTurns()
  assert.deepEqual(told, [])
  line.end()
  line.peer.windowBytes = Infinity
  assert.equal(String(line.peer.read()), 'gh')
  assert.deepEqual([told, line.peer.hasEnded], [[], false])
  clock.runTurns()
  assert.deepEqual([told, line.peer.hasEnded], [['written'], true])
  assert.throws(() => writeTo(line, 'x'), /behind its end/)
})

test('memory that is under way and overwritten shows at the far end', () => {
  const { line } = lineStand()
  line.peer.windowBytes = 0
  const memory = piece('lent')
  line.write(ONLY_LINE, memory.slab, memory.start, memory.end)
  bytesOf(memory).write('kept')
  line.peer.windowBytes = Infinity
  assert.equal(String(line.peer.read()), 'kept')
})

test('a line whose both directions have ended is closed', () => {
  for (const first of ['server', 'peer']) {
    const { clock, line, told } = lineStand()
    if (first === 'server') line.end()
    line.peer.end()
    clock.runTurns()
    line.end()
    clock.runTurns()
    assert.deepEqual(told, ['ended', 'closed', 'forgotten'])
    assert.ok(line.peer.isClosed)
  }
})

test('destroy and cut lose what is under way, and are reported once, in a later turn', () => {
  for (const how of ['destroy', 'cut'] as const) {
    const { clock, line, told } = lineStand()
    line.peer.windowBytes = 0
    writeTo(line, 'lost')
    line.peer.write(bytes('lost too'))
    if (how === 'cut') line.peer.cut()
    else line.destroy()
    line.destroy()
    line.peer.cut()
    assert.deepEqual(told, [])
    assert.ok(writeTo(line, 'late') && line.isClosed)
    line.peer.windowBytes = Infinity
    line.peer.write(bytes('late'))
    line.end()
    line.resume()
    clock.runTurns()
    assert.deepEqual(told, ['closed', 'forgotten'])
    assert.equal(line.peer.read().length, 0)
  }
})

test('a refusal is text and the end; what comes behind the request is dropped', () => {
  const clock = new FakeClock()
  const line = new MemoryLine(clock, new ReceiveBuffer(), () => {})
  line.peer.write(bytes('behind'))
  clock.runTurns()
  line.refuse('HTTP/1.1 404 é')
  line.peer.write(bytes('more'))
  assert.deepEqual(line.peer.read(), Buffer.from('HTTP/1.1 404 é', 'latin1'))
  assert.ok(line.peer.hasEnded && !line.isClosed)
  line.peer.end()
  clock.runTurns()
  assert.ok(line.isClosed)
})

test('who sends until told to wait is told so within a turn, however wide the window', async () => {
  const clock = new FakeClock()
  const engine = new MemoryEngine(clock)
  let drains = 0
  const results: string[] = []
  const server = await serve({
    engine,
    logger: null,
    limits: { bufferedBytes: 64 * 1_048_576 },
    routes: {
      '/': callbacks({
        open(connection) {
          for (let i = 0; i < 64 && results.at(-1) !== 'queued'; i++) {
            results.push(connection.send(new Uint8Array(1_048_576)))
          }
        },
        drain: () => void drains++,
      }),
    },
  })
  const peer = engine.connect()
  await clock.settle()
  assert.equal(results.at(-1), 'queued')
  assert.equal(drains, 1)
  assert.ok(peer.read().length > results.length * 1_048_576)
  peer.cut()
  void server.close()
  await clock.settle()
})
