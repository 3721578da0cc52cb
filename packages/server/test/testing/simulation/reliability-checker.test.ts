import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReliabilityChecker } from '../../../src/testing/simulation/reliability-checker.ts'

const at = (offset: number, epoch = 'e') => ({ epoch, offset })

/** Five publications were acknowledged; what the subscriber saw of them is said by `see`. */
function judged(
  see: (checker: ReliabilityChecker) => void,
): ReturnType<ReliabilityChecker['check']> {
  const checker = new ReliabilityChecker()
  for (let offset = 1; offset <= 5; offset++) checker.acknowledged('t', `m${offset}`, at(offset))
  checker.subscribed('s', 't', at(0))
  see(checker)
  return checker.check()
}

function see(checker: ReliabilityChecker, ...offsets: readonly number[]): void {
  for (const offset of offsets) checker.received('s', 't', at(offset), `m${offset}`)
}

test('all that was acknowledged, once and in order, is right', () => {
  assert.deepEqual(
    judged((checker) => see(checker, 1, 2, 3, 4, 5)),
    { acknowledged: 5, received: 5, gaps: 0 },
  )
})

test('what is missing is found: at the start, within, at the end', () => {
  for (const offsets of [[2, 3, 4, 5], [1, 2, 4, 5], [1, 2, 3, 4], []]) {
    assert.throws(() => judged((checker) => see(checker, ...offsets)), /acknowledged and not shown/)
  }
})

test('what a gap tells of is not missed; what is beside it is', () => {
  const report = judged((checker) => {
    see(checker, 1)
    checker.gap('s', 't', at(1), at(3))
    see(checker, 4, 5)
  })
  assert.deepEqual(report, { acknowledged: 5, received: 3, gaps: 1 })
  assert.throws(() =>
    judged((checker) => {
      see(checker, 1)
      checker.gap('s', 't', at(1), at(2))
      see(checker, 4, 5)
    }),
  )
  assert.throws(
    () =>
      judged((checker) => {
        see(checker, 1, 2, 3)
        checker.gap('s', 't', at(3), at(1))
        see(checker, 4, 5)
      }),
    /leads back/,
  )
})

test('what is shown twice or out of order is found', () => {
  assert.throws(() => judged((checker) => see(checker, 1, 2, 2, 3, 4, 5)), /twice or out of order/)
  assert.throws(() => judged((checker) => see(checker, 1, 3, 2, 4, 5)), /out of order/)
  assert.throws(
    () =>
      judged((checker) => {
        see(checker, 1, 2, 3, 4, 5)
        checker.received('s', 't', at(6), 'm5')
      }),
    /shown twice/,
  )
  assert.throws(
    () => judged((checker) => checker.received('s', 't', at(1), 'other')),
    /acknowledged as m1 and shown as other/,
  )
})

test('another epoch has to be told of', () => {
  const inAnother = (checker: ReliabilityChecker): void => {
    see(checker, 1, 2)
    checker.received('s', 't', at(1, 'f'), 'n1')
  }
  assert.throws(() => judged(inAnother), /without a word/)
  const report = judged((checker) => {
    see(checker, 1, 2)
    checker.gap('s', 't', at(2), at(0, 'f'))
    checker.received('s', 't', at(1, 'f'), 'n1')
  })
  assert.equal(report.gaps, 1)
})

test('what came before the subscriber is not asked for', () => {
  const checker = new ReliabilityChecker()
  checker.acknowledged('t', 'old', at(1))
  checker.subscribed('s', 't', at(1))
  assert.equal(checker.acknowledgedCount, 1)
  assert.deepEqual(checker.check(), { acknowledged: 1, received: 0, gaps: 0 })
  assert.throws(() => checker.received('nobody', 't', at(1), 'x'), /has not subscribed/)
})
