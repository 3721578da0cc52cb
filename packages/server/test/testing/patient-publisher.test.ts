import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryBroker } from '../../src/brokers/memory/memory-broker.ts'
import { HoldlineError } from '../../src/protocol/errors.ts'
import { BrokerParticipant, until } from '../../src/testing/broker-participant.ts'
import { PatientPublisher } from '../../src/testing/patient-publisher.ts'

async function publishThrough(
  refuse: (attempt: number) => Error | null,
): Promise<PatientPublisher> {
  const broker = new MemoryBroker()
  const append = broker.append.bind(broker)
  let attempts = 0
  broker.append = (...asked) => {
    const error = refuse(++attempts)
    return error === null ? append(...asked) : Promise.reject(error)
  }
  const participant = new BrokerParticipant(broker)
  await participant.start()
  const publisher = new PatientPublisher(participant, 't', 'p')
  publisher.start()
  await until(
    () => publisher.acknowledged.length >= 5,
    () => 'five publications',
  )
  await publisher.stop()
  return publisher
}

test('each is published until it is acknowledged, once', async () => {
  const publisher = await publishThrough((attempt) =>
    attempt % 2 === 0 ? null : new HoldlineError('ERR_BROKER_AWAY'),
  )
  publisher.check()
  assert.deepEqual(
    publisher.acknowledged.map(({ message, cursor }) => [message, cursor.offset]),
    publisher.acknowledged.map((_, i) => [`p/${i}`, i + 1]),
  )
})

test('a refusal that is no HoldlineError is found', async () => {
  const publisher = await publishThrough((attempt) => (attempt === 2 ? new Error('oops') : null))
  assert.throws(() => publisher.check(), /oops/)
})
