// Whatever engine this machine can have, against a server in a process of its own: on io_uring the generator's loop
// lets nothing else run.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { chooseLoadEngine } from '../../src/load/choose-load-engine.ts'
import type { LoadEngine } from '../../src/load/load-engine.ts'
import { Load } from '../../src/load/load.ts'
import { RivalProcess } from '../../src/process/rival-process.ts'
import { repositoryRival } from '../../src/process/rivals.ts'

let server: RivalProcess
let engine: LoadEngine
let load: Load

before(async () => {
  server = await RivalProcess.start(repositoryRival('holdline-node'), '0')
  engine = await chooseLoadEngine()
  load = new Load(engine)
})

after(async () => {
  engine.dispose()
  await server[Symbol.asyncDispose]()
})

function open(connectionCount: number, topicCount = 0): Promise<unknown> {
  return load.open({ port: server.port, dialect: 'plain', connectionCount, topicCount })
}

test('large messages, several under way, go through although the kernel takes them in parts', async () => {
  const message = { kind: 'binary', payloadBytes: 4 * 2 ** 20 } as const
  await open(2)
  await load.verify({ ...message, messageCount: 1 })
  const { messages } = await load.echo({ ...message, window: 2, roundMs: 20 })
  assert.ok(messages >= 4)
  await load.close()
})

test('many connections come back after a storm, and their bytes are right', async () => {
  await open(300)
  await load.storm()
  await load.storm()
  await load.verify({ kind: 'text', payloadBytes: 1000, messageCount: 2 })
  const { messages } = await load.echo({ kind: 'text', payloadBytes: 1000, window: 1, roundMs: 50 })
  assert.ok(messages >= 300)
  await load.close()
})

test('numbers of connections are used again: publications, handshakes, a schedule', async () => {
  const message = { kind: 'binary', payloadBytes: 64 } as const
  await open(50, 5)
  const { deliveries, publications } = await load.publish({ ...message, inFlight: 4, roundMs: 50 })
  assert.equal(deliveries, publications * 10)
  await load.close()
  const { handshakes } = await load.handshakes({
    ...{ port: server.port, dialect: 'plain', atOnce: 16, roundMs: 50 },
  })
  assert.ok(handshakes >= 16)
  await open(10)
  const paced = await load.paced({ ...message, messagesPerSecond: 2000, roundMs: 100 })
  assert.equal(paced.messages, 200)
  await load.close()
})

// Last: a failure ends the engine's usefulness.
test('a port on which nobody listens is told by name', async () => {
  const port = 1
  const opening = load.open({ port, dialect: 'plain', connectionCount: 1, topicCount: 0 })
  await assert.rejects(opening, /connection 0: .*ECONNREFUSED/)
})
