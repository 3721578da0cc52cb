// Two machines and a cable: a process in another network namespace, whose link is taken down in the middle.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { redis } from '../../../src/brokers/redis/index.ts'
import { BrokerParticipant, until } from '../../../src/testing/broker-participant.ts'
import { PatientPublisher } from '../../../src/testing/patient-publisher.ts'
import { HOST, otherMachine } from '../other-machine.ts'
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
  await using server = await RedisServer.start({ host: HOST })
  const machine = await otherMachine(server)
  const near = new BrokerParticipant(redis({ url: server.url }))
  await near.start()
  const reader = await near.reader('t')
  const publisher = new PatientPublisher(near, 't', 'near')
  const [command, ...args] = [
    ...[...machine.through, process.execPath, '-C', 'source'],
    ...[join(import.meta.dirname, 'far-process.ts'), `redis://${machine.address}`],
  ]
  const far = spawn(command!, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const lines: string[] = []
    createInterface(far.stdout).on('line', (line) => void lines.push(line))
    await until(
      () => lines.length > 20,
      () => 'the other machine to publish',
    )
    publisher.start()
    machine.down()
    await setTimeout(4_000)
    const during = lines.length
    machine.up()
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
    await machine.remove()
  }
})
