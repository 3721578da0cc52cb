// A topic's windows by format, and what a gap does to each of its subscribers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveTopic } from '../../src/topics/live-topic.ts'
import { TopicSettingsTable } from '../../src/topics/topic-settings.ts'
import { plainFormat } from '../../src/topics/window.ts'
import { tellingFormat, TopicStand } from './topic-stand.ts'

test('one window for each format, gone with the last of its subscribers', () => {
  const topic = new LiveTopic('news', new TopicSettingsTable().of('news'), null)
  const window = topic.windowOf()
  assert.equal(topic.windowOf(plainFormat), window)
  const other = topic.windowOf(tellingFormat)
  topic.take('news', 'text', null)
  assert.ok(other.log.head > window.log.head)
  topic.keepLatest()
  topic.dropWindow(window)
  assert.notEqual(topic.latest, null)
  topic.dropWindow(other)
  assert.deepEqual([topic.windows.length, topic.latest, topic.isUsed], [0, null, false])
})

test('a publication is encoded once, however many are subscribed; the plain ones have it as it is', async () => {
  const stand = await TopicStand.start({ news: { history: true } })
  let encoded = 0
  const format = {
    ...tellingFormat,
    encode: (...all: Parameters<typeof tellingFormat.encode>) => {
      encoded++
      return tellingFormat.encode(...all)
    },
  }
  const lines = [await stand.line(), await stand.line(), await stand.line()]
  void lines[0]!.subscribe('news', { format })
  void lines[1]!.subscribe('news', { format })
  void lines[2]!.connection.subscribe('news')
  await stand.settle()
  await stand.publish('news', 'one', 'two')
  assert.equal(encoded, 2)
  assert.deepEqual(lines[2]!.texts, ['one', 'two'])
  await stand.end()
})
