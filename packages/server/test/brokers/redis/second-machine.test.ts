// Two machines and a cable: a process in another network namespace, whose link is taken down in the middle.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { redis } from '../../../src/brokers/redis/index.ts'
import { BrokerParticipant, until } from '../../../src/testing/broker-participant.ts'
import { PatientPublisher } from '../../../src/testing/patient-publisher.ts'
import { RedisServer } from './redis-server.ts'

interface Told {
  readonly gaps: readonly unknown[]
  readonly faults: readonly unknown[]
  readonly messages: readonly string[]
  readonly codes: readonly string[]
  readonly longestMs: number
  readonly interruptionCount: number
}

test('a machine that is cut off gets errors, and has missed nothing when the link is up again', async () => {
  using machine = new SecondMachine()
  await using server = await RedisServer.start({ host: machine.host })
  const near = new BrokerParticipant(redis({ url: server.url }))
  await near.start()
  const reader = await near.reader('t')
  const publisher = new PatientPublisher(near, 't', 'near')
  const far = spawn(
    'ip',
    [
      ...['netns', 'exec', machine.name, process.execPath, '-C', 'source'],
      ...[join(import.meta.dirname, 'far-process.ts'), server.url],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  try {
    const lines: string[] = []
    createInterface(far.stdout).on('line', (line) => void lines.push(line))
    await until(
      () => lines.length > 20,
      () => 'the other machine to publish',
    )
    publisher.start()
    machine.cut()
    await setTimeout(4_000)
    const during = lines.length
    machine.heal()
    await until(
      () => lines.length > during + 20,
      () => 'the other machine to publish again',
      6_000,
    )
    await publisher.stop()
    far.stdin.end()
    await once(far, 'close')
    publisher.check()
    const told = JSON.parse(lines.pop()!) as Told
    assert.equal(told.interruptionCount, 1)
    assert.ok(told.longestMs < 5_000, `an answer took ${told.longestMs} ms`)
    assert.ok(told.codes.length > 0)
    for (const code of told.codes) assert.match(code, /^ERR_BROKER_(?:AWAY|UNCONFIRMED)$/)
    await until(
      () => reader.messages.at(-1) === 'far end',
      () => 'all of it to be read',
    )
    assert.deepEqual([told.gaps, told.faults, reader.gaps, reader.faults], [[], [], [], []])
    // The other machine began to read behind what it found: nothing.
    assert.deepEqual(told.messages, reader.messages)
    assert.equal(new Set(reader.messages).size, reader.messages.length)
    const acknowledged = lines.map((line) => (JSON.parse(line) as { message: string }).message)
    const wanted = [...acknowledged, ...publisher.acknowledged.map(({ message }) => message)]
    assert.deepEqual(reader.messages.toSorted(), [...wanted, 'far end'].toSorted())
  } finally {
    far.kill()
    near.endReaders()
    await near.broker.stop()
  }
})

/** A network namespace with one link to this one. Needs root. */
class SecondMachine {
  readonly name: string = `holdline-${process.pid}`
  readonly host: string
  readonly #link: string = `hl${process.pid}`

  constructor() {
    const net = `10.${200 + (process.pid % 50)}.${(process.pid >> 6) % 250}`
    this.host = `${net}.1`
    const [outside, inside] = [`${this.#link}a`, `${this.#link}b`]
    ip('netns', 'add', this.name)
    ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', this.name)
    ip('addr', 'add', `${this.host}/24`, 'dev', outside)
    ip('link', 'set', outside, 'up')
    ip('-n', this.name, 'addr', 'add', `${net}.2/24`, 'dev', inside)
    ip('-n', this.name, 'link', 'set', inside, 'up')
  }

  cut(): void {
    ip('-n', this.name, 'link', 'set', `${this.#link}b`, 'down')
  }

  heal(): void {
    ip('-n', this.name, 'link', 'set', `${this.#link}b`, 'up')
  }

  [Symbol.dispose](): void {
    ip('netns', 'del', this.name)
  }
}

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) {
    throw new Error(`ip ${args.join(' ')} needs root and iproute2: ${stderr}`)
  }
}
