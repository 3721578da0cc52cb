// What a subscriber may ask for: the pace that follows, and what is refused.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveLimits } from '../../src/connection/limits.ts'
import { checkCursor, paceOf } from '../../src/topics/subscribe-options.ts'
import { TopicSettingsTable } from '../../src/topics/topic-settings.ts'

const limits = resolveLimits({ bufferedBytes: 1_000 })
const table = new TopicSettingsTable({
  log: { history: true, overflow: 'replay' },
  tight: { lagBytes: 10 },
  wide: { lagBytes: 9_999 },
})

test('without options a subscriber needs no pace', () => {
  assert.equal(paceOf('a', table.of('a'), false, limits, undefined), null)
  assert.equal(paceOf('wide', table.of('wide'), false, limits, undefined), null)
  assert.equal(paceOf('tight', table.of('tight'), false, limits, undefined)?.lagBytes, 10)
  assert.equal(paceOf('log', table.of('log'), true, limits, undefined)?.overflow, 'replay')
})

test('its own policy and bound go before the topic’s; half of the buffer is the most', () => {
  const pace = paceOf('log', table.of('log'), true, limits, { overflow: 'conflate', lagBytes: 7 })!
  assert.deepEqual([pace.overflow, pace.lagBytes], ['conflate', 7])
  assert.equal(paceOf('log', table.of('log'), true, limits, { lagBytes: 800 })?.lagBytes, 500)
  const disconnect = { overflow: 'disconnect', lagBytes: 800 } as const
  assert.equal(paceOf('log', table.of('log'), true, limits, disconnect)?.lagBytes, 800)
})

test('history is needed for a cursor and for replay', () => {
  for (const options of [
    { since: 'start' },
    { since: { epoch: 'a', offset: 1 } },
    { overflow: 'replay' },
  ] as const) {
    assert.throws(() => paceOf('a', table.of('a'), false, limits, options), {
      code: 'ERR_TOPIC_UNKNOWN',
    })
  }
})

test('what is no cursor, no policy, no bound', () => {
  const cursors = [
    null,
    7,
    'end',
    {},
    { epoch: 'a' },
    { epoch: '', offset: 1 },
    { epoch: 'a b', offset: 1 },
  ]
  const more = [
    { epoch: 'a', offset: -1 },
    { epoch: 'a', offset: 1.5 },
    { epoch: 'x'.repeat(65), offset: 1 },
  ]
  for (const since of [...cursors, ...more]) {
    assert.throws(() => checkCursor(since), { code: 'ERR_CURSOR_INVALID' })
    assert.throws(() => paceOf('log', table.of('log'), true, limits, { since: since as never }), {
      code: 'ERR_CURSOR_INVALID',
    })
  }
  checkCursor({ epoch: 'A-z_9', offset: 2 ** 53 - 1 })
  for (const options of [
    { overflow: 'drop' },
    { lagBytes: 0 },
    { lagBytes: 1.5 },
    { lagBytes: '9' },
  ]) {
    assert.throws(() => paceOf('log', table.of('log'), true, limits, options as never), {
      code: 'ERR_OPTION_INVALID',
    })
  }
})
