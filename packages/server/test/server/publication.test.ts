// A publication is handed to the broker, or refused; and a refusal that nobody awaits is told to the operator.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HoldlineError } from 'holdline'
import type { Broker } from 'holdline'
import { publishThrough } from '../../src/server/publication.ts'

const warnings: string[] = []
const logger = {
  info: (): void => assert.fail('info'),
  warn: (message: string): void => void warnings.push(message),
  error: (): void => assert.fail('error'),
}

function brokerThat(publish: Broker['publish']): Broker {
  const done = (): Promise<void> => Promise.resolve()
  return { name: 'test', start: done, publish, stop: done }
}

test('it goes to the broker as it is', async () => {
  const published: unknown[] = []
  const broker = brokerThat((...publication) => {
    published.push(publication)
    return Promise.resolve()
  })
  await publishThrough(broker, 't', 'text', logger)
  assert.deepEqual(published, [['t', 'text']])
  assert.deepEqual(warnings, [])
})

test('a bad name throws at once, and a closed server rejects', async () => {
  const never = brokerThat(() => assert.fail('published'))
  assert.throws(() => publishThrough(never, '', 'x', logger), { code: 'ERR_TOPIC_NAME' })
  await assert.rejects(publishThrough(null, 't', 'x', logger), { code: 'ERR_SERVER_CLOSED' })
})

test('what fails unheard is told to the operator, and the process lives', async () => {
  warnings.length = 0
  const broker = brokerThat(() => Promise.reject(new HoldlineError('ERR_BROKER_BACKLOG')))
  void publishThrough(broker, 't', 'x', logger)
  void publishThrough(broker, 't', 'x', null)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(warnings.length, 1)
  assert.match(warnings[0]!, /^holdline: /)
})
