// Connections as actors, by themselves: who is told of a crash, what holds a line back, whose the bytes are.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actors, Actor, ActorSystem, ConnectionActor } from 'holdline/actors'
import type { ActorReport, ActorSystemOptions } from 'holdline/actors'
import { contract } from 'holdline'
import { wireFrame } from 'holdline/testing'
import { z } from 'zod'
import type { ConnectionCell } from '../../../src/models/actors/connection-actor.ts'
import { wireServer } from '../../server/wire-server.ts'
import { gate } from './stand.ts'

class Crashes extends ConnectionActor {
  override async frame(message: string | Uint8Array): Promise<void> {
    if (message === 'later') await Promise.resolve()
    throw new Error(`meant ${String(message)}`)
  }
}

async function crashed(options: ActorSystemOptions, say: string) {
  const logs: unknown[][] = []
  const error = (...line: unknown[]): void => void logs.push(line)
  const logger = { info: () => {}, warn: () => {}, error }
  const system = new ActorSystem(options)
  const wire = await wireServer('memory', { routes: { '/': actors(Crashes, { system }) }, logger })
  const peer = await wire.connect()
  peer.text(say)
  assert.deepEqual(await peer.closeFrame(), [1011, 'ERR_HANDLER'])
  await wire[Symbol.asyncDispose]()
  return logs
}

test('a crash is told once: by the log of the server, which names the connection', async (t) => {
  const printed = t.mock.method(console, 'error', () => {})
  for (const say of ['now', 'later']) {
    const logs = await crashed({}, say)
    assert.equal(logs.length, 1)
    assert.match(String(logs[0]![0]), /ERR_HANDLER, connection \d+ of \//)
    assert.equal((logs[0]![1] as Error).message, `meant ${say}`)
  }
  assert.equal(printed.mock.callCount(), 0)
})

test('a report of the program’s own is told of it besides', async () => {
  const reports: ActorReport[] = []
  const logs = await crashed({ report: (told) => void reports.push(told) }, 'now')
  assert.equal(logs.length, 1)
  assert.deepEqual(
    reports.map(({ reason }) => (reason as Error).message),
    ['meant now'],
  )
})

test('an actor that is no connection’s is still told of on the error output', async (t) => {
  const printed = t.mock.method(console, 'error', () => {})
  class Plain extends Actor {
    boom(): void {
      throw new Error('plain')
    }
  }
  const system = new ActorSystem()
  const ref = system.spawn(Plain)
  const down = system.whenDown(ref)
  ref.tell.boom()
  await down
  assert.equal(printed.mock.callCount(), 1)
})

test('64 KiB of frames hold the line back, however few they are; nothing is lost', async () => {
  const door = gate()
  const seen: number[] = []
  let cell: ConnectionCell | null = null
  class Slow extends ConnectionActor {
    override opened(): void {
      cell = Actor.cellOf(this) as ConnectionCell
    }

    override async frame(message: string | Uint8Array): Promise<void> {
      seen.push(message.length)
      await door.passed
    }
  }
  const system = new ActorSystem()
  await using wire = await wireServer('memory', { routes: { '/': actors(Slow, { system }) } })
  const peer = await wire.connect()
  const text = 'x'.repeat(20_000)
  for (let i = 0; i < 10; i++) {
    peer.text(text)
    await wire.pass(1)
  }
  assert.equal(seen.length, 1)
  // Four of them are more than 64 KiB; the fifth is not read.
  assert.equal(cell!.mailbox!.length, 4)
  assert.equal(cell!.waitingBytes, 80_000)
  door.open()
  await wire.until('the rest', () => seen.length === 10)
  assert.ok(seen.every((length) => length === 20_000))
  assert.equal(cell!.waitingBytes, 0)
})

test('bytes are as they came, however late they are looked at', async () => {
  const door = gate()
  const seen: string[] = []
  class Keeps extends ConnectionActor {
    override frame(message: string | Uint8Array): void | Promise<void> {
      if (seen.length === 0) {
        seen.push('first')
        return door.passed.then(() => void seen.push(Buffer.from(message as Uint8Array).toString()))
      }
      seen.push(Buffer.from(message as Uint8Array).toString())
      return undefined
    }
  }
  const system = new ActorSystem()
  await using wire = await wireServer('memory', { routes: { '/': actors(Keeps, { system }) } })
  const peer = await wire.connect()
  for (const text of ['zero', 'one1', 'two2']) {
    peer.raw(wireFrame(2, Buffer.from(text)))
    await wire.pass(1)
  }
  door.open()
  await wire.until('all of them', () => seen.length === 4)
  assert.deepEqual(seen.slice(2), ['one1', 'two2'])
})

test('a message that the contract does not allow is answered in its turn', async () => {
  const door = gate()
  const Chat = contract({ in: z.object({ n: z.number() }), out: z.object({ heard: z.number() }) })
  class Typed extends ConnectionActor<typeof Chat> {
    override async frame({ n }: { n: number }): Promise<void> {
      if (n === 1) await door.passed
      this.send({ heard: n })
    }
  }
  const system = new ActorSystem()
  await using wire = await wireServer('memory', {
    routes: { '/': actors(Chat, Typed, { system }) },
  })
  const peer = await wire.connect()
  for (const text of ['{"n":1}', '{"n":"x"}', '{"n":2}']) peer.text(text)
  await wire.pass(1)
  door.open()
  const answers = [await peer.message(), await peer.message(), await peer.message()].map(String)
  assert.equal(answers[0], '{"heard":1}')
  assert.match(answers[1]!, /issues|invalid|ERR/i)
  assert.equal(answers[2], '{"heard":2}')
})
