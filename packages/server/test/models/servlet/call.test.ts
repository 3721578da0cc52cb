// One request that is not answered at once: how its replies, its deadline and its end meet.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codesOf, Gates, stood } from './servlet-stand.ts'

/** An iterator that is stepped by hand; records what is asked of it. */
class Stepped implements AsyncIterableIterator<string> {
  readonly calls: string[] = []
  readonly steps: PromiseWithResolvers<IteratorResult<string>>[] = []
  readonly returned: PromiseWithResolvers<IteratorResult<string>> = Promise.withResolvers()

  next(): Promise<IteratorResult<string>> {
    this.calls.push('next')
    const step = Promise.withResolvers<IteratorResult<string>>()
    this.steps.push(step)
    return step.promise
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  return(): Promise<IteratorResult<string>> {
    this.calls.push('return')
    return this.returned.promise
  }
}

test('a reply is asked for when the one before it was sent', async () => {
  const replies = new Stepped()
  const { line, settle } = stood(() => replies)
  line.text('x')
  for (const value of ['a', 'b']) {
    replies.steps.at(-1)!.resolve({ value })
    await settle()
    assert.deepEqual(line.shown(), [`1 ${value}`])
  }
  assert.deepEqual(replies.calls, ['next', 'next', 'next'])
  replies.steps.at(-1)!.resolve({ done: true, value: undefined })
  await settle()
  assert.deepEqual(replies.calls, ['next', 'next', 'next'])
})

test('several replies keep the next request waiting until the last', async () => {
  const replies = new Stepped()
  const { line, settle } = stood((m) => (m === 'several' ? replies : m))
  line.text('several', 'next')
  replies.steps[0]!.resolve({ value: 'a' })
  await settle()
  assert.deepEqual(line.shown(), ['1 a'])
  replies.steps[1]!.resolve({ done: true, value: undefined })
  await settle()
  assert.deepEqual(line.shown(), ['1 next'])
})

test('an iterator that fails midway fails its request, and the next has its turn', async () => {
  const replies = new Stepped()
  const { line, stand, settle } = stood((m) => (m === 'several' ? replies : m))
  line.text('several', 'next')
  replies.steps[0]!.resolve({ value: 'a' })
  await settle()
  const error = new Error('meant')
  replies.steps[1]!.reject(error)
  await settle()
  assert.deepEqual(codesOf(line.shown()), ['a', 'ERR_REQUEST_FAILED', 'next'])
  assert.deepEqual(stand.reports, [['ERR_REQUEST_FAILED', error]])
})

test('a generator that throws at once fails its request', async () => {
  const error = new Error('meant')
  const { line, stand, settle } = stood(function* (m) {
    yield m
    throw error
  })
  line.text('a', 'b')
  await settle()
  assert.deepEqual(codesOf(line.shown()), ['a', 'ERR_REQUEST_FAILED', 'b', 'ERR_REQUEST_FAILED'])
  assert.equal(stand.reports.length, 2)
})

test('a reply among several that cannot be sent ends them', async () => {
  const { line, stand, settle } = stood(function* (m) {
    if (m === 'next') yield m
    else {
      try {
        yield 'a'
        yield 5
        assert.fail('went on')
      } finally {
        stand.calls.push('finally')
      }
    }
  })
  line.text('several', 'next')
  await settle()
  assert.deepEqual(codesOf(line.shown()), ['a', 'ERR_REQUEST_FAILED', 'next'])
  assert.deepEqual(stand.calls.slice(-2), ['finally', 'message next'])
})

test('at the deadline several replies are ended: return is called while next is under way', async () => {
  const replies = new Stepped()
  const { line, settle, pass } = stood((m) => (m === 'several' ? replies : m), {
    deadlineMs: 1_000,
  })
  line.text('several', 'next')
  await pass(1_300)
  assert.deepEqual(codesOf(line.shown()), ['ERR_REQUEST_DEADLINE'])
  assert.deepEqual(replies.calls, ['next', 'return'])
  replies.steps[0]!.resolve({ value: 'late' })
  await settle()
  // The handler lives until `return` has settled.
  assert.deepEqual(line.shown(), [])
  replies.returned.resolve({ done: true, value: undefined })
  await settle()
  assert.deepEqual(line.shown(), ['1 next'])
})

test('an iterator without return has ended when its next has', async () => {
  const step = Promise.withResolvers<IteratorResult<string>>()
  const replies = {
    [Symbol.asyncIterator]: () => ({ next: () => step.promise }),
  }
  const { line, settle, pass } = stood((m) => (m === 'several' ? replies : m), {
    deadlineMs: 1_000,
  })
  line.text('several', 'next')
  await pass(1_300)
  assert.deepEqual(codesOf(line.shown()), ['ERR_REQUEST_DEADLINE'])
  step.resolve({ value: 'late' })
  await settle()
  assert.deepEqual(line.shown(), ['1 next'])
})

test('an iterator that is promised too late is ended without a reply', async () => {
  const gates = new Gates()
  const replies = new Stepped()
  const { line, settle, pass } = stood(() => gates.of('x').promise, { deadlineMs: 1_000 })
  line.text('x')
  await pass(1_300)
  gates.of('x').resolve(replies)
  await settle()
  assert.deepEqual(replies.calls, ['return'])
  assert.deepEqual(codesOf(line.shown()), ['ERR_REQUEST_DEADLINE'])
})

test('what fails behind the deadline is told to the operator, but not what ends by the signal', async () => {
  const gates = new Gates()
  const error = new Error('late')
  const { line, stand, settle, pass } = stood(
    async (m, { signal }) => {
      await gates.of(m).promise
      if (m === 'heeds') signal.throwIfAborted()
      throw error
    },
    { deadlineMs: 1_000 },
  )
  line.text('heeds')
  await pass(1_300)
  gates.of('heeds').resolve(undefined)
  await settle()
  assert.deepEqual(stand.reports, [['ERR_REQUEST_DEADLINE', undefined]])
  line.text('ignores')
  await pass(1_300)
  gates.of('ignores').resolve(undefined)
  await settle()
  assert.deepEqual(codesOf(line.shown()), ['ERR_REQUEST_DEADLINE', 'ERR_REQUEST_DEADLINE'])
  assert.deepEqual(stand.reports.slice(1), [
    ['ERR_REQUEST_DEADLINE', undefined],
    ['ERR_REQUEST_FAILED', error],
  ])
})

test('a return that fails is told to the operator, and the request is over', async () => {
  const error = new Error('in finally')
  const ways = {
    *now() {
      try {
        yield 'a'
        yield 5
      } finally {
        // oxlint-disable-next-line no-unsafe-finally
        throw error
      }
    },
    async *later() {
      try {
        yield 'a'
        yield 5
      } finally {
        // oxlint-disable-next-line no-unsafe-finally
        throw error
      }
    },
  }
  for (const way of [ways.now, ways.later]) {
    const { line, stand, settle } = stood((m) => (m === 'next' ? m : way()))
    line.text('several', 'next')
    await settle()
    assert.deepEqual(codesOf(line.shown()), ['a', 'ERR_REQUEST_FAILED', 'next'])
    assert.equal(stand.reports.at(-1)![1], error)
  }
})

test('a connection that is closing takes no more replies: the iterator is ended', async () => {
  const replies = new Stepped()
  const { line, connection, settle } = stood(() => replies)
  line.text('x')
  connection.close(1000)
  replies.steps[0]!.resolve({ value: 'a' })
  await settle()
  assert.deepEqual(replies.calls, ['next', 'return'])
  assert.deepEqual(line.shown(), ['8 1000'])
})

test('a long run of replies at once needs no stack', async () => {
  const { line, settle } = stood(async function* () {
    for (let i = 0; i < 20_000; i++) yield i % 100 === 0 ? 'x' : undefined
  })
  line.text('a')
  await settle()
  assert.equal(line.shown().length, 200)
})
