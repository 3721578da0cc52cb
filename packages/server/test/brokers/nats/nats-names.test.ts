import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NatsNames, subjectOf, topicOf } from '../../../src/brokers/nats/nats-names.ts'
import { TopicPattern } from '../../../src/topics/topic-name.ts'

test('any topic name becomes a subject that NATS takes, and comes back', () => {
  const names = fc.oneof(
    fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }),
    fc.stringMatching(/^[a.*>=$ %]{1,20}$/),
  )
  fc.assert(
    fc.property(names, (topic) => {
      fc.pre(!topic.split('.').some((part) => part === '*' || part === '**'))
      const subject = subjectOf(topic)
      assert.match(subject, /^[A-Za-z0-9_=-]+(\.[A-Za-z0-9_=-]+)*$/)
      assert.equal(topicOf(subject), topic)
    }),
    { seed: 5, numRuns: 2_000 },
  )
})

test('patterns become wildcards that match the same names', () => {
  const part = fc.constantFrom('a', 'b', '', 'é', 'a*b', '>', '=')
  const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'))
  const pattern = fc
    .tuple(fc.array(fc.oneof(part, fc.constant('*')), { maxLength: 3 }), fc.boolean())
    .map(([parts, isOpen]) => (isOpen ? [...parts, '**'] : [...parts, 'a']).join('.'))
  fc.assert(
    fc.property(pattern, name, (text, topic) => {
      fc.pre(topic !== '')
      assert.equal(
        natsMatches(subjectOf(text), subjectOf(topic)),
        new TopicPattern(text).matches(topic),
        `${text} ${topic}`,
      )
    }),
    { seed: 5, numRuns: 2_000 },
  )
})

test('topics of one prefix have their own subjects and streams, and each epoch its own stream', () => {
  const names = new NatsNames('my.app')
  assert.equal(names.plain('news.sport'), 'my.app.pub.news.sport')
  assert.equal(names.log('news.sport'), 'my.app.log.news.sport')
  assert.equal(names.live('news.*'), 'my.app.live.news.*')
  assert.equal(names.ofPlain('my.app.pub.a=20b.='), 'a b.')
  assert.equal(names.ofLive('my.app.live.news'), 'news')
  const stream = names.newStream('a.b c/ü')
  assert.match(stream, /^my_app-[0-9a-f]{32}-[0-9a-f]{16}$/)
  assert.notEqual(names.newStream('a.b c/ü'), stream)
  assert.equal(stream.endsWith(NatsNames.epochOf(stream)), true)
  assert.match(NatsNames.epochOf(stream), /^[0-9a-f]{16}$/)
  const hash = (prefix: string, topic: string): string =>
    new NatsNames(prefix).newStream(topic).split('-').at(-2)!
  assert.notEqual(hash('a_b', 't'), hash('a.b', 't'))
})

test('a prefix that NATS would not take, or take for something else, is refused', () => {
  for (const prefix of ['', 'a b', 'a.', '*', 'a.>', '$JS', 'a.b.c.d.e', 'x'.repeat(33)]) {
    assert.throws(() => new NatsNames(prefix), { code: 'ERR_OPTION_INVALID' }, prefix)
  }
})

function natsMatches(pattern: string, subject: string): boolean {
  const [own, parts] = [pattern.split('.'), subject.split('.')]
  const isOpen = own.at(-1) === '>'
  if (isOpen ? parts.length < own.length : parts.length !== own.length) return false
  return own.every((part, i) => part === '*' || part === '>' || part === parts[i])
}
