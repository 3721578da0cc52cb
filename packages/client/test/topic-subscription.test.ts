import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { TopicSubscription } from '../src/topic-subscription.ts'
import type { SubscribeOptions, TopicMessage } from '../src/topic-words.ts'

interface Setup {
  readonly news: TopicSubscription<unknown>
  readonly read: TopicMessage<unknown>[]
  readonly reports: string[]
  ended: boolean
}

function setUp(options: SubscribeOptions = {}, schema?: z.ZodType): Setup {
  const reports: string[] = []
  const read: TopicMessage<unknown>[] = []
  const setup: Setup = {
    reports,
    read,
    ended: false,
    news: new TopicSubscription(
      'news',
      { onMessage: (message) => read.push(message), ...options },
      {
        inboxMessages: 2,
        schema,
        report: ({ code }) => reports.push(code),
        ended: () => (setup.ended = true),
      },
    ),
  }
  return setup
}

const type = ''
const pub = (offset: unknown, data: unknown = offset): { type: string } =>
  ({ type, offset, data }) as { type: string }
const at = (offset: number): object => ({ epoch: 'e', offset, proof: 'p' })

test('before it is subscribed nothing arrives; what comes twice arrives once', () => {
  const { news, read } = setUp()
  news.pub(pub(1))
  news.subscribed({ type, cursor: at(1), recovered: false })
  for (const offset of [1, 2, 2, 1, 3]) news.pub(pub(offset))
  assert.deepEqual(
    read.map(({ offset }) => offset),
    [2, 3],
  )
})

test('a publication without a place in a topic that has places is not one', () => {
  const { news, read } = setUp()
  news.subscribed({ type, cursor: at(0), recovered: false })
  for (const offset of [undefined, '1', -1, 1.5, null, {}]) {
    assert.throws(() => news.pub(pub(offset)), { code: 'ERR_ENVELOPE_INVALID' })
  }
  assert.equal(read.length, 0)
})

test('what does not match the schema is left out, and the cursor is behind it', () => {
  const { news, read } = setUp({}, z.number())
  news.subscribed({ type, cursor: at(0), recovered: false })
  assert.throws(() => news.pub(pub(1, 'text')), { code: 'ERR_MESSAGE_INVALID' })
  news.pub(pub(2, 2))
  assert.deepEqual([read.length, news.cursor?.offset], [1, 2])
})

test('a reader that is too slow is told where; a reader of a subscription that ended hears the rest', async () => {
  const { news, reports } = setUp({ onMessage: undefined } as never)
  news.subscribed({ type, cursor: at(0), recovered: false })
  for (const offset of [1, 2, 3]) news.pub(pub(offset))
  assert.deepEqual(reports, ['ERR_INBOX_FULL'])
  const reader = news[Symbol.asyncIterator]()
  assert.equal((await reader.next()).value?.offset, 1)
  assert.equal((await reader.next()).value?.offset, 2)
  await assert.rejects(reader.next(), { code: 'ERR_INBOX_FULL' })
  news.pub(pub(4))
  news.end()
  assert.equal((await reader.next()).value?.offset, 4)
  assert.equal((await reader.next()).done, true)
})

test('a server that says recovered with another cursor moves nothing: what was asked for counts', () => {
  const { news, read } = setUp({ since: at(3) as never })
  news.subscribed({ type, cursor: at(9), recovered: true })
  news.pub(pub(4))
  assert.equal(read[0]?.offset, 4)
})

test('the future: the server has less than was seen, and says so; it goes on from there', () => {
  const { news, read } = setUp({ since: at(9) as never })
  news.subscribed({ type, cursor: at(3), recovered: false, reason: 'future' })
  news.pub(pub(4))
  assert.equal(read[0]?.gap?.reason, 'future')
  assert.deepEqual([read[0]?.gap?.from, read[0]?.gap?.to], [at(9), at(3)])
})

test('ended is ended: it says so once, and takes nothing more', async () => {
  const setup = setUp()
  setup.news.end()
  assert.ok(setup.ended)
  setup.news.pub(pub(1))
  setup.news.gap({ type, to: 4 })
  setup.news.lost()
  assert.equal(setup.news.state, 'ended')
  assert.equal(setup.read.length, 0)
  await setup.news.ready
})
