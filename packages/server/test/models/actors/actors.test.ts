// The adapter: connections that are actors, over every engine. Each property of Cowboy's handlers that it keeps is a
// test named after it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Actor, actors, ActorSystem, ConnectionActor, self, Supervisor } from 'holdline/actors'
import type { ActorReport, ConnectionActorClass, Down, Ref } from 'holdline/actors'
import { contract } from 'holdline'
import { wireFrame } from 'holdline/testing'
import { z } from 'zod'
import { wireEngines, wireServer } from '../../server/wire-server.ts'
import { gate, plain, waysToSend } from './stand.ts'

const texts = (count: number): Uint8Array =>
  Buffer.concat(Array.from({ length: count }, (_, i) => wireFrame(1, String(i))))

let log: string[] = []

class Echo extends ConnectionActor {
  override frame(message: string | Uint8Array): void {
    if (message === 'boom') throw new Error('meant')
    if (message === 'stop') this.stop()
    else this.send(message)
  }
}

const Chat = contract({ in: z.object({ text: z.string() }), out: z.object({ heard: z.string() }) })

class Typed extends ConnectionActor<typeof Chat> {
  override async frame({ text }: { text: string }): Promise<void> {
    if (text === 'slow') await new Promise((resolve) => setImmediate(resolve))
    this.send({ heard: text })
  }
}

class Room extends Actor {
  readonly #who = new Map<Ref<Session>, string>()

  join(who: Ref<Session>, name: string): number {
    this.monitor(who)
    return this.#who.set(who, name).size
  }

  say(from: string, text: string): void {
    for (const who of this.#who.keys()) who.tell.push(from, text)
  }

  count(): number {
    return this.#who.size
  }

  override down({ ref, reason }: Down): void {
    log.push(`${this.#who.get(ref)} left: ${plain(reason)}`)
    this.#who.delete(ref)
  }
}

class Session extends ConnectionActor {
  name = ''

  override async frame(message: string | Uint8Array): Promise<void> {
    const room = this.system.whereis(Room, 'lobby')
    const text = String(message)
    if (this.name === '') {
      this.name = text
      await room.ask({ timeoutMs: 2_000 }).join(self<Session>(this), text)
    } else room.tell.say(this.name, text)
  }

  push(from: string, text: string): void {
    this.send(`${from}: ${text}`)
  }
}

for (const engine of wireEngines) {
  for (const serialize of waysToSend) {
    const served = (Class: ConnectionActorClass<undefined, unknown>, options = {}) => {
      const reports: ActorReport[] = []
      const system = new ActorSystem({ serialize, report: (told) => void reports.push(told) })
      const routes = {
        '/': actors(Class, { system, ...options }),
        '/canary': actors(Echo, { system }),
      }
      return { system, reports, wire: wireServer(engine, { routes }) }
    }

    describe(`actors on the ${engine} engine, serialize: ${serialize}`, () => {
      test('a connection is an actor: frames in, messages out, in order', async () => {
        const { system, wire: starting } = served(Echo)
        await using wire = await starting
        const peer = await wire.connect()
        peer.raw(texts(300))
        for (let i = 0; i < 300; i++) assert.equal(await peer.message(), String(i))
        assert.equal(system.actorCount, 1)
        peer.close(1000)
        await peer.closed()
        await wire.until('the end of the actor', () => system.actorCount === 0)
      })

      test('a handler that crashes: close 1011 and a report; no other connection notices', async () => {
        const { system, reports, wire: starting } = served(Echo)
        await using wire = await starting
        const other = await wire.connect('/canary')
        const peer = await wire.connect()
        peer.text('boom')
        assert.deepEqual(await peer.closeFrame(), [1011, 'ERR_HANDLER'])
        await peer.closed()
        assert.equal(plain(reports[0]!.reason), 'meant')
        assert.equal(reports.length, 1)
        assert.equal(system.actorCount, 1)
        other.text('still here?')
        assert.equal(await other.message(), 'still here?')
      })

      test('connection and actor end together: stop closes with 1000, shutdown with 1001', async () => {
        const { system, wire: starting } = served(Echo)
        await using wire = await starting
        const peer = await wire.connect()
        peer.text('stop')
        assert.equal((await peer.closeFrame())[0], 1000)
        const second = await wire.connect()
        second.text('x')
        assert.equal(await second.message(), 'x')
        await wire.settled(system.stop())
        assert.equal((await second.closeFrame())[0], 1001)
      })

      test('opened, frames and closed in their order, one at a time, however slow', async () => {
        log = []
        class Slow extends ConnectionActor {
          override async opened(): Promise<void> {
            await new Promise((resolve) => setImmediate(resolve))
            log.push('opened')
          }
          override async frame(message: string | Uint8Array): Promise<void> {
            await new Promise((resolve) => setImmediate(resolve))
            log.push(String(message))
          }
          override closed(code: number): void {
            log.push(`closed ${code}`)
          }
          override stopped(reason: unknown): void {
            log.push(`stopped ${String(reason)}`)
          }
        }
        const { system, wire: starting } = served(Slow)
        await using wire = await starting
        const peer = await wire.connect()
        peer.raw(Buffer.concat([texts(100), wireFrame(8, '')]))
        await wire.until('the end of the actor', () => log.at(-1) === 'stopped normal')
        const expected = Array.from({ length: 100 }, (_, i) => String(i))
        assert.deepEqual(log, ['opened', ...expected, 'closed 1005', 'stopped normal'])
        assert.equal(system.actorCount, 0)
      })

      test('{active, false}: a full mailbox pauses the line, and drops nothing', async () => {
        const first = gate()
        const seen: string[] = []
        class Slow extends ConnectionActor {
          override async frame(message: string | Uint8Array): Promise<void> {
            if (seen.push(String(message)) === 1) await first.passed
          }
        }
        const { wire: starting } = served(Slow, { mailbox: { limit: 8 } })
        await using wire = await starting
        const peer = await wire.connect()
        peer.raw(texts(500))
        await wire.until('the first frame', () => seen.length === 1)
        await wire.pass(20)
        first.open()
        await wire.until('the rest', () => seen.length === 500)
        assert.deepEqual(
          seen,
          Array.from({ length: 500 }, (_, i) => String(i)),
        )
      })

      test('a room: actors find it by its key, and hear of who left', async () => {
        log = []
        const { system, wire: starting } = served(Session)
        await using wire = await starting
        const ann = await wire.connect()
        const bob = await wire.connect()
        ann.text('ann')
        bob.text('bob')
        const room = system.whereis(Room, 'lobby')
        for (let count = 0; count < 2;) count = await wire.settled(room.ask.count())
        ann.text('hi')
        assert.equal(await ann.message(), 'ann: hi')
        assert.equal(await bob.message(), 'ann: hi')
        bob.close(1000)
        await bob.closed()
        await wire.until('the room to hear of it', () => log.length === 1)
        assert.deepEqual(log, ['bob left: normal'])
      })

      test('a contract: validated both ways, what does not fit is answered in its turn', async () => {
        const system = new ActorSystem({ serialize })
        await using wire = await wireServer(engine, {
          routes: { '/': actors(Chat, Typed, { system }) },
        })
        const peer = await wire.connect()
        for (const each of ['{"text":"slow"}', '{"text":1}', '{"text":"b"}']) peer.text(each)
        assert.equal(await peer.message(), '{"heard":"slow"}')
        assert.match(String(await peer.message()), /ERR_MESSAGE_INVALID/)
        assert.equal(await peer.message(), '{"heard":"b"}')
      })

      test('without its supervisor a connection is closed with 1001, and none opens', async () => {
        const system = new ActorSystem({ serialize })
        const supervisor = system.spawn(Supervisor, {})
        await using wire = await wireServer(engine, {
          routes: { '/': actors(Echo, { system, supervisor }) },
        })
        const peer = await wire.connect()
        peer.text('x')
        assert.equal(await peer.message(), 'x')
        system.exit(supervisor, 'shutdown')
        assert.equal((await peer.closeFrame())[0], 1001)
        assert.equal((await (await wire.connect()).closeFrame())[0], 1001)
      })

      test('a sender whose message fills a mailbox is not read until half of it is free', async () => {
        const door = gate()
        class Sink extends Actor {
          static readonly mailbox = { limit: 4 }
          seen = 0
          async take(): Promise<void> {
            this.seen++
            await door.passed
          }
        }
        let sent = 0
        const system = new ActorSystem({ serialize })
        const sink = system.spawn(Sink)
        class Feeder extends ConnectionActor {
          override frame(): void {
            sent++
            sink.tell.take()
          }
        }
        await using wire = await wireServer(engine, { routes: { '/': actors(Feeder, { system }) } })
        const peer = await wire.connect()
        for (let i = 0; i < 100; i++) peer.text(String(i))
        await wire.until('the mailbox to be full', () => sent >= 5)
        await wire.pass(20)
        assert.ok(sent <= 6, `${sent} frames were read`)
        door.open()
        await wire.until('the rest', () => sent === 100)
      })
    })
  }
}

test('the mailbox of a connection cannot refuse', () => {
  const mailbox = { onFull: 'refuse' as never }
  assert.throws(() => actors(Echo, { system: new ActorSystem(), mailbox }), {
    code: 'ERR_OPTION_INVALID',
  })
})
