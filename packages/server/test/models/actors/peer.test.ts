// Another worker, as one worker sees it: over a mesh that is a list, and, for who is held back and who waits, between
// two systems whose mesh delivers by hand.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Actor, actors, ActorSystem, ConnectionActor } from 'holdline/actors'
import type { Ref } from 'holdline/actors'
import { FakeClock } from 'holdline/testing'
import { MemoryMesh } from '../../../src/testing/memory-mesh.ts'
import { Method } from '../../../src/models/actors/actor-class.ts'
import { AskTimeouts, PendingAsk } from '../../../src/models/actors/ask.ts'
import { Envelope } from '../../../src/models/actors/envelope.ts'
import type { Holdable } from '../../../src/models/actors/held-senders.ts'
import { Monitor } from '../../../src/models/actors/links-and-monitors.ts'
import { Peer } from '../../../src/models/actors/peer.ts'
import type { PeerHost } from '../../../src/models/actors/peer.ts'
import { RefTable } from '../../../src/models/actors/ref-table.ts'
import { Remote } from '../../../src/models/actors/remote.ts'
import type { RemoteHost } from '../../../src/models/actors/remote.ts'
import { ValueWriter } from '../../../src/models/actors/value-writer.ts'
import { wireServer } from '../../server/wire-server.ts'
import { gate, standOf } from './stand.ts'

class Line implements Holdable {
  held = 0
  holdBack(): void {
    this.held++
  }
  letGo(): void {
    this.held--
  }
}

/** No references and no classes. */
const neither = { outward: () => false }

function peerOf() {
  const { system, clock } = standOf('remote')
  const sent: number[] = []
  const state = { result: 'sent' as 'sent' | 'queued' | 'gone', sender: null as Holdable | null }
  const host = {
    mesh: {
      send: (_: number, bytes: Uint8Array) => {
        sent.push(bytes[0]!)
        return state.result
      },
    },
    get sender() {
      return state.sender
    },
    write: (fill: (writer: ValueWriter) => void, send: (bytes: Uint8Array) => void) => {
      const writer = new ValueWriter(neither)
      fill(writer)
      send(writer.taken())
    },
  } as unknown as PeerHost
  const peer = new Peer(host, 7)
  const ref = system.newRef('Room')
  ref.away = peer
  const timeouts = new AskTimeouts(clock, (value) => value)
  const ask = (): PendingAsk => new PendingAsk(timeouts, ref, 'say', 5_000)
  return { peer, ref, ask, sent, state, clock }
}

const say = new Method('say', () => {})

describe('a peer by itself', () => {
  test('asks that are over are forgotten: answered, given up, refused where they are sent', async () => {
    const { peer, ref, ask, clock } = peerOf()
    const [answered, late, bad] = [ask(), ask(), ask()]
    peer.ask(ref, say, [], answered)
    peer.ask(ref, say, [], late)
    assert.equal(peer.asks.size, 2)
    assert.deepEqual([...peer.asks.values()], [answered, late])
    peer.ask(ref, say, [() => {}], bad)
    await assert.rejects(bad.promise, { code: 'ERR_ACTOR_MESSAGE' })
    answered.reply(1)
    const expired = assert.rejects(late.promise, { code: 'ERR_ACTOR_TIMEOUT' })
    await clock.pass(5_000)
    await expired
    assert.equal(peer.asks.size, 0)
  })

  test('what cannot be sent as the worker is gone fails at once', async () => {
    const { peer, ref, ask, state } = peerOf()
    state.result = 'gone'
    const asked = ask()
    peer.ask(ref, say, [], asked)
    await assert.rejects(asked.promise, { reason: 'noconnection' })
    const told: unknown[] = []
    peer.monitor(new Monitor(ref, { down: (_, reason) => told.push(reason) }))
    assert.deepEqual(told, ['noconnection'])
    assert.equal(await peer.resolve('Room', 'x'), 0)
    assert.equal(peer.asks.size + peer.monitors.size + peer.questions.size, 0)
  })

  test('the end of the worker ends all that waits, at once and once', async () => {
    const { peer, ref, ask, sent, state } = peerOf()
    const asks = [ask(), ask(), ask()]
    for (const each of asks) peer.ask(ref, say, [], each)
    const told: unknown[] = []
    const down = (_: Monitor, reason: unknown): void => void told.push(reason)
    peer.monitor(new Monitor(ref, { down }))
    const takenBack = new Monitor(ref, { down })
    peer.monitor(takenBack)
    peer.demonitor(takenBack)
    const question = peer.resolve('Room', 'x')
    const line = new Line()
    state.result = 'queued'
    state.sender = line
    peer.tell(ref, say, [])
    assert.equal(line.held, 1)
    peer.gone()
    assert.equal(line.held, 0)
    for (const each of asks) await assert.rejects(each.promise, { reason: 'noconnection' })
    assert.equal(await question, 0)
    assert.deepEqual(told, ['noconnection'])
    const count = sent.length
    peer.tell(ref, say, [])
    assert.equal(sent.length, count)
    assert.deepEqual(sent.slice(0, 6), [
      ...[Envelope.ASK, Envelope.ASK, Envelope.ASK],
      ...[Envelope.MONITOR, Envelope.MONITOR, Envelope.DEMONITOR],
    ])
  })

  test("who sends is held back once by 'queued', by nobody who sends nothing, until it is drained", () => {
    const { peer, ref, state } = peerOf()
    const [line, other] = [new Line(), new Line()]
    state.sender = line
    peer.tell(ref, say, [])
    assert.equal(line.held, 0)
    state.result = 'queued'
    peer.tell(ref, say, [])
    peer.tell(ref, say, [])
    state.sender = other
    state.result = 'sent'
    peer.tell(ref, say, [])
    assert.deepEqual([line.held, other.held], [1, 0])
    peer.held.letAllGo()
    assert.deepEqual([line.held, other.held], [0, 0])
  })
})

class Sink extends Actor {
  static readonly mailbox = { limit: 4 }
  static door = gate()
  seen = 0

  constructor(_key: string) {
    super()
  }

  async take(_value: unknown): Promise<void> {
    this.seen++
    await Sink.door.passed
  }

  there(): void {}
}

/** A sink in worker 1; connections of worker 2, each frame of which is told to it. */
async function feeding(options: { readonly highBytes?: number; readonly lowBytes?: number } = {}) {
  Sink.door = gate()
  const mesh = new MemoryMesh({ delivery: 'by-hand', ...options })
  const systems = [1, 2].map((id) => new ActorSystem({ mesh: mesh.worker(id) }))
  for (const system of systems) system.know(Sink)
  const refs: Ref<Sink>[] = []
  for (const system of systems) {
    const ref = system.whereis(Sink, 'x')
    const found = ref.ask.there()
    await mesh.settle()
    await found
    refs.push(ref)
  }
  const counts = { read: 0 }
  class Feeder extends ConnectionActor {
    override frame(message: string | Uint8Array): void {
      counts.read++
      refs[1]!.tell.take(message)
    }
  }
  const wire = await wireServer('memory', {
    routes: { '/': actors(Feeder, { system: systems[1]! }) },
  })
  const peer = await wire.connect()
  const feed = async (count: number, text: string): Promise<void> => {
    for (let i = 0; i < count; i++) {
      peer.text(text)
      await wire.pass(1)
    }
  }
  const sink = refs[0]!.cell!
  return { mesh, wire, feed, counts, sink, refs, systems }
}

describe('between two workers', () => {
  test("a mesh that says 'queued' holds the lines back that send, until it is drained", async () => {
    const { mesh, wire, feed, counts } = await feeding({ highBytes: 300, lowBytes: 100 })
    await feed(20, 'x'.repeat(100))
    // The third message is the one that makes more than 300 bytes wait.
    assert.equal(counts.read, 3)
    mesh.deliver(mesh.waiting[0])
    await wire.pass(1)
    assert.equal(counts.read, 3)
    await mesh.settle()
    await wire.pass(1)
    assert.ok(counts.read > 3, `${counts.read}`)
    Sink.door.open()
    for (let i = 0; i < 20; i++) {
      await mesh.settle()
      await wire.pass(1)
    }
    assert.equal(counts.read, 20)
    await wire[Symbol.asyncDispose]()
  })

  test('a full mailbox holds back the lines of another worker that send to it, until half of it is free', async () => {
    const { mesh, wire, feed, counts, sink } = await feeding()
    await feed(8, 'x')
    await mesh.settle()
    await feed(8, 'x')
    await mesh.settle()
    // One more is read: whoever sends to a full mailbox is held back by sending.
    assert.equal(counts.read, 9)
    assert.equal(sink.mailbox!.length, 8)
    Sink.door.open()
    for (let i = 0; i < 20; i++) {
      await mesh.settle()
      await wire.pass(1)
    }
    assert.equal(counts.read, 16)
    assert.equal((sink.actor as unknown as Sink).seen, 16)
    await wire[Symbol.asyncDispose]()
  })

  test('who is held back by a full mailbox goes on when its worker is lost', async () => {
    const { mesh, wire, feed, counts } = await feeding()
    await feed(8, 'x')
    await mesh.settle()
    await feed(8, 'x')
    assert.equal(counts.read, 9)
    mesh.kill(1)
    await mesh.settle()
    await wire.pass(1)
    assert.equal(counts.read, 16)
    await wire[Symbol.asyncDispose]()
  })

  test('a sender is remembered where it is held back, and not where it is refused', () => {
    class Refuses extends Sink {
      static override readonly mailbox = { limit: 4, onFull: 'refuse' as never }
    }
    for (const [Class, remembered] of [
      [Sink, 1],
      [Refuses, 0],
    ] as const) {
      const { system } = standOf('remote')
      const ref = system.spawn(Class, 'x')
      const refs = new RefTable()
      refs.expose(ref)
      const failures: unknown[] = []
      const remote = new Remote({
        mesh: { workerId: 1, send: () => 'sent' },
        refs,
        sender: null,
        write: (fill: (writer: ValueWriter) => void) => fill(new ValueWriter(neither)),
        reportFailure: (error: unknown) => void failures.push(error),
      } as unknown as RemoteHost)
      const writer = new ValueWriter(neither)
      writer.byte(Envelope.TELL)
      writer.count(ref.id)
      writer.text('take')
      writer.value(['x'])
      for (let i = 0; i < 7; i++) remote.message(2, writer.taken())
      assert.equal(remote.peer(2).waiting.size, remembered)
      assert.equal(failures.length, remembered === 0 ? 3 : 0)
    }
  })

  test('asks fail at once when their worker is lost: sent, delivered, running; no time passes, none is left', async () => {
    const mesh = new MemoryMesh({ delivery: 'by-hand' })
    const clock = new FakeClock()
    Sink.door = gate()
    const systems = [1, 2].map((id) => new ActorSystem({ clock, mesh: mesh.worker(id) }))
    for (const system of systems) system.know(Sink)
    const refs = []
    for (const system of systems) {
      const ref = system.whereis(Sink, 'x')
      const found = ref.ask.there()
      for (let i = 0; i < 5; i++) {
        await clock.settle()
        await mesh.settle()
      }
      await found
      refs.push(ref)
    }
    const asks = [refs[1]!.ask.take(1), refs[1]!.ask.take(2)]
    await mesh.settle()
    await clock.settle()
    asks.push(refs[1]!.ask.take(3), refs[1]!.ask({ timeoutMs: Infinity }).take(4))
    const failures = Promise.all(
      asks.map((each) => assert.rejects(each, { code: 'ERR_ACTOR_DOWN', reason: 'noconnection' })),
    )
    const nowMs = clock.now()
    mesh.kill(1)
    await mesh.settle()
    await failures
    assert.equal(clock.now(), nowMs)
    await assert.rejects(refs[1]!.ask.take(5), { code: 'ERR_ACTOR_DOWN' })
  })
})
