// The link: whatever its connection does, everything asked settles in time, and another connection is made.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { RedisConnection } from '../../../src/brokers/redis/redis-client.ts'
import { RedisLink } from '../../../src/brokers/redis/redis-link.ts'

type Answer = (command: string) => Promise<unknown>

/** Connections that do as they are told, and what the link told its handlers. */
class Stand {
  readonly connections: FakeConnection[] = []
  readonly told: string[] = []
  /** What the next connections do. */
  canConnect = true
  answer: Answer = () => Promise.resolve('OK')
  readonly link: RedisLink

  constructor(backlogBytes = 1_000_000) {
    this.link = new RedisLink({
      backlogBytes,
      connect: () => {
        const connection = new FakeConnection(this.canConnect, (command) => this.answer(command))
        this.connections.push(connection)
        return connection as unknown as RedisConnection
      },
      handlers: {
        opened: async (connection) => void (await connection.sendCommand(['OPEN'])),
        lost: (error) => void this.told.push(`lost: ${error.message}`),
        restored: () => void this.told.push('restored'),
        beat: async () => void (await this.ask('BEAT', false)),
      },
    })
  }

  ask(command: string, adds = true): Promise<unknown> {
    return this.link.ask(command.length, adds, (connection) => connection.sendCommand([command]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.link.stop()
  }
}

class FakeConnection {
  isDestroyed = false
  readonly #canConnect: boolean
  readonly #answer: Answer
  readonly #waiting = new Set<(error: Error) => void>()
  #onError: (error: Error) => void = () => {}

  constructor(canConnect: boolean, answer: Answer) {
    this.#canConnect = canConnect
    this.#answer = answer
  }

  on(_event: 'error', listener: (error: Error) => void): void {
    this.#onError = listener
  }

  connect(): Promise<void> {
    return this.#canConnect ? Promise.resolve() : Promise.reject(new Error('connect ECONNREFUSED'))
  }

  sendCommand([command]: readonly string[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject)
      this.#answer(command!).then(resolve, reject)
    })
  }

  fail(): void {
    this.#onError(new Error('Socket closed unexpectedly'))
  }

  destroy(): void {
    this.isDestroyed = true
    for (const reject of this.#waiting) reject(new Error('Disconnects client'))
    this.#waiting.clear()
  }
}

const never = (): Promise<never> => new Promise(() => {})

test('before the start, and after a lost connection, it is away', async () => {
  await using stand = new Stand()
  await assert.rejects(stand.ask('X'), { code: 'ERR_BROKER_AWAY' })
  await stand.link.start()
  assert.equal(await stand.ask('X'), 'OK')
  stand.connections[0]!.fail()
  await assert.rejects(stand.ask('X'), { code: 'ERR_BROKER_AWAY' })
})

test('what is under way when the connection is lost may have been done, if it adds', async () => {
  await using stand = new Stand()
  await stand.link.start()
  stand.answer = never
  const asked = [stand.ask('ADD'), stand.ask('READ', false)]
  stand.connections[0]!.fail()
  const codes = (await Promise.allSettled(asked)).map(
    (each) => (each as PromiseRejectedResult).reason.code,
  )
  assert.deepEqual(codes, ['ERR_BROKER_UNCONFIRMED', 'ERR_BROKER_AWAY'])
})

test('a lost connection is told once, and made again until one opens', async () => {
  await using stand = new Stand()
  await stand.link.start()
  stand.canConnect = false
  stand.connections[0]!.fail()
  stand.connections[0]!.fail()
  assert.deepEqual(stand.told, ['lost: Socket closed unexpectedly'])
  while (stand.connections.length < 4) await setTimeout(5)
  stand.canConnect = true
  while (stand.told.length < 2) await setTimeout(5)
  assert.deepEqual(stand.told, ['lost: Socket closed unexpectedly', 'restored'])
  assert.equal(await stand.ask('X'), 'OK')
  for (const connection of stand.connections.slice(0, -1)) assert.ok(connection.isDestroyed)
})

test('an error of the server is a refusal; one that says that it is useless ends the connection', async () => {
  await using stand = new Stand()
  await stand.link.start()
  stand.answer = () => Promise.reject(new Error('OOM command not allowed'))
  await assert.rejects(stand.ask('X'), { code: 'ERR_BROKER_REFUSED', message: /OOM/ })
  assert.deepEqual(stand.told, [])
  stand.answer = () => Promise.reject(new Error('READONLY You can not'))
  await assert.rejects(stand.ask('X'), { code: 'ERR_BROKER_AWAY', message: /READONLY/ })
  assert.deepEqual(stand.told, ['lost: READONLY You can not'])
})

test('a start that fails leaves no connection and tries no more', async () => {
  await using stand = new Stand()
  stand.canConnect = false
  await assert.rejects(stand.link.start(), /ECONNREFUSED/)
  await setTimeout(200)
  assert.equal(stand.connections.length, 1)
  assert.ok(stand.connections[0]!.isDestroyed)
})

test('a connection that says nothing is given up, and whoever asked is answered in time', async () => {
  await using stand = new Stand()
  await stand.link.start()
  stand.answer = (command) => (command === 'OPEN' ? Promise.resolve() : never())
  const begunMs = performance.now()
  await assert.rejects(stand.ask('X'), { code: 'ERR_BROKER_UNCONFIRMED' })
  const tookMs = performance.now() - begunMs
  assert.ok(tookMs > 2_500 && tookMs < 5_000, `${tookMs}`)
  assert.match(stand.told[0]!, /said nothing/)
})

test('one answer that does not come is given up while the connection lives, and is told as unconfirmed', async () => {
  await using stand = new Stand()
  await stand.link.start()
  stand.answer = (command) => (command === 'SLOW' ? never() : Promise.resolve('OK'))
  const begunMs = performance.now()
  await assert.rejects(stand.ask('SLOW'), { code: 'ERR_BROKER_UNCONFIRMED' })
  assert.ok(performance.now() - begunMs < 5_000)
  assert.deepEqual(stand.told, [])
  assert.equal(await stand.ask('X'), 'OK')
})

test('what waits is bounded in bytes, and one is always taken', async () => {
  await using stand = new Stand(10_000)
  await stand.link.start()
  stand.answer = never
  const late = [stand.ask('x'.repeat(50_000))]
  await assert.rejects(stand.ask('y'), { code: 'ERR_BROKER_BACKLOG' })
  stand.connections[0]!.fail()
  await Promise.allSettled(late)
})

test('stop waits for what is under way, a second at most, and for no retry', async () => {
  const stand = new Stand()
  await stand.link.start()
  const answer = Promise.withResolvers<string>()
  stand.answer = () => answer.promise
  const asked = stand.ask('X')
  const stopped = stand.link.stop()
  answer.resolve('late')
  assert.equal(await asked, 'late')
  await stopped
  assert.ok(stand.connections[0]!.isDestroyed)

  const hung = new Stand()
  await hung.link.start()
  hung.answer = never
  const lost = assert.rejects(hung.ask('X'), { code: 'ERR_BROKER_UNCONFIRMED' })
  const begunMs = performance.now()
  await hung.link.stop()
  await lost
  assert.ok(performance.now() - begunMs < 2_000)
  assert.deepEqual(hung.told, [])
})
