// The properties of Go's contexts, each a test named after it.
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import fc from 'fast-check'
import { context } from 'holdline/csp'
import type { CancelScope, Context } from 'holdline/csp'
import { FakeClock } from 'holdline/testing'
import { isEndOf, newLifetime } from '../../../src/models/csp/context.ts'
import { quiet, settling } from './settling.ts'

const { background, withCancel, withDeadline, withTimeout, withSignal, withValue, key } = context

// A function, or the compiler would take what was seen once for granted.
const errorOf = ({ ctx }: CancelScope): Error | null => ctx.err

test('Go: cancel is idempotent; the first cause stays', () => {
  const scope = withCancel(background())
  assert.equal(errorOf(scope), null)
  scope.ctx.check()
  scope.cancel('first')
  const { err } = scope.ctx
  assert.equal(err?.code, 'ERR_CONTEXT_CANCELLED')
  scope.cancel('second')
  scope[Symbol.dispose]()
  assert.equal(scope.ctx.err, err)
  assert.equal(scope.ctx.cause, 'first')
  assert.throws(() => scope.ctx.check(), { code: 'ERR_CONTEXT_CANCELLED' })
})

test('Go: cancel goes downward only, in any tree, and leaves no child behind', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(), { minLength: 1, maxLength: 20 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      (shape, cancels) => {
        const scopes: CancelScope[] = []
        const parents: number[] = []
        for (const [i, choice] of shape.entries()) {
          const parent = choice % (i + 1)
          parents.push(parent - 1)
          const above = parent === 0 ? background() : scopes[parent - 1]!.ctx
          scopes.push(withCancel(withValue(above, key<number>('i'), i)))
        }
        const ended = new Set<number>()
        const isBelow = (node: number, top: number): boolean =>
          node === top || (parents[node]! >= 0 && isBelow(parents[node]!, top))
        for (const choice of cancels) {
          const top = choice % scopes.length
          scopes[top]!.cancel(top)
          for (const node of scopes.keys()) if (isBelow(node, top)) ended.add(node)
        }
        for (const [node, { ctx }] of scopes.entries()) {
          assert.equal(ctx.err !== null, ended.has(node))
          const live = scopes.filter((_, i) => parents[i] === node && !ended.has(i)).length
          assert.equal(ctx.childCount, live)
          // One end, one error: the whole tree below says the same.
          const parent = parents[node]!
          if (parent >= 0 && ended.has(parent) && ctx.cause !== node) {
            if (ctx.cause === scopes[parent]!.ctx.cause) {
              assert.equal(ctx.err, scopes[parent]!.ctx.err)
            }
          }
        }
      },
    ),
  )
})

test('Go: who waits for done is woken; done of an ended context is closed', async () => {
  const scope = withCancel(background())
  const child = withCancel(scope.ctx)
  const waits = [scope.ctx, child.ctx].map((ctx) => settling(ctx.done.receive()))
  await quiet()
  assert.deepEqual(
    waits.map(({ isSettled }) => isSettled),
    [false, false],
  )
  scope.cancel()
  await quiet()
  for (const { value } of waits) assert.deepEqual(value, { value: undefined, ok: false })
  assert.deepEqual(withCancel(scope.ctx).ctx.done.tryReceive(), { value: undefined, ok: false })
})

test('Go: nobody sees a parent that ended above a child that did not', () => {
  const parent = withCancel(background())
  const children = [withCancel(parent.ctx), withCancel(parent.ctx)]
  const seen: boolean[] = []
  for (const { ctx } of [parent, ...children]) {
    ctx.signal.addEventListener('abort', () => {
      seen.push(...[parent, ...children].map((scope) => scope.ctx.err !== null))
    })
  }
  parent.cancel()
  assert.equal(seen.length, 9)
  assert.ok(seen.every(Boolean))
})

test('Go: a context made below an ended one has ended', () => {
  const parent = withCancel(background())
  parent.cancel('why')
  for (const { ctx } of [withCancel(parent.ctx), withTimeout(parent.ctx, 1_000)]) {
    assert.equal(ctx.err, parent.ctx.err)
    assert.equal(ctx.cause, 'why')
    assert.equal(ctx.signal.aborted, true)
  }
  assert.equal(parent.ctx.childCount, 0)
})

test('Go: a deadline ends the context, with an error of its own', () => {
  const clock = new FakeClock()
  const scope = withTimeout(background(clock), 100)
  const child = withCancel(scope.ctx)
  assert.equal(child.ctx.deadlineMs, 1_100)
  clock.advance(99)
  assert.equal(errorOf(scope), null)
  clock.advance(1)
  assert.equal(scope.ctx.err?.code, 'ERR_CONTEXT_DEADLINE')
  assert.equal(child.ctx.err, scope.ctx.err)
  const past = withDeadline(background(clock), 0)
  clock.advance(0)
  assert.equal(past.ctx.err?.code, 'ERR_CONTEXT_DEADLINE')
  assert.throws(() => withTimeout(background(), Number.NaN), { code: 'ERR_OPTION_INVALID' })
})

test('Go: a deadline can only come sooner than the one above', () => {
  const clock = new FakeClock()
  const scope = withTimeout(background(clock), 100)
  const later = withTimeout(scope.ctx, 200)
  assert.equal(later.ctx.deadlineMs, 1_100)
  assert.equal(clock.timerCount, 1)
  const sooner = withTimeout(scope.ctx, 50)
  clock.advance(50)
  assert.equal(sooner.ctx.err?.code, 'ERR_CONTEXT_DEADLINE')
  assert.equal(scope.ctx.err, null)
  clock.advance(50)
  assert.equal(later.ctx.err, scope.ctx.err)
})

test('Go: cancelling frees the timer and the place in the parent', () => {
  const clock = new FakeClock()
  const parent = withTimeout(background(clock), 1_000)
  {
    using first = withTimeout(parent.ctx, 10)
    using second = withTimeout(parent.ctx, 20)
    assert.equal(parent.ctx.childCount, 2)
    assert.equal(clock.timerCount, 3)
    assert.notEqual(first.ctx, second.ctx)
  }
  assert.equal(parent.ctx.childCount, 0)
  assert.equal(clock.timerCount, 1)
  withTimeout(parent.ctx, 10)
  parent.cancel()
  assert.equal(clock.timerCount, 0)
})

test('Go: values are found upward, the nearest first, and only by their own key', () => {
  const user = key<string>('user')
  const other = key<string>('user')
  const root = background()
  const outer = withValue(root, user, 'ann')
  const inner = withValue(withCancel(outer).ctx, user, 'bob')
  assert.equal(root.value(user), undefined)
  assert.equal(outer.value(user), 'ann')
  assert.equal(withCancel(outer).ctx.value(user), 'ann')
  assert.equal(inner.value(user), 'bob')
  assert.equal(inner.value(other), undefined)
  // @ts-expect-error: the key says what its value is
  withValue(root, user, 1)
})

test('a context with a value ends with the one it was made from', () => {
  const scope = withCancel(background())
  const valued = withValue(scope.ctx, key<number>('n'), 1)
  assert.equal(valued.done, scope.ctx.done)
  scope.cancel()
  assert.equal(valued.err, scope.ctx.err)
})

test('the root ends never and keeps nobody alive', async () => {
  const root = background()
  const scopes = Array.from({ length: 10 }, () => withCancel(root))
  assert.equal(root.childCount, 0)
  assert.equal(root.deadlineMs, Infinity)
  const waiting = settling(root.done.receive())
  for (const scope of scopes) scope.cancel()
  await quiet()
  assert.equal(waiting.isSettled, false)
})

test('`signal` is built when asked for, once, and aborted with the error', () => {
  const scope = withCancel(background())
  const { signal } = scope.ctx
  assert.equal(scope.ctx.signal, signal)
  assert.equal(signal.aborted, false)
  scope.cancel()
  assert.equal(signal.aborted, true)
  assert.equal(signal.reason, scope.ctx.err)
})

test('withSignal ends with the signal, and leaves it when the context ends', () => {
  const controller = new AbortController()
  const scope = withSignal(background(), controller.signal)
  const parent = withCancel(background())
  const leaving = withSignal(parent.ctx, controller.signal)
  const cancelled = withSignal(background(), controller.signal)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 3)
  parent.cancel()
  cancelled.cancel()
  assert.equal(getEventListeners(controller.signal, 'abort').length, 1)
  assert.equal(leaving.ctx.err?.code, 'ERR_CONTEXT_CANCELLED')
  controller.abort('reason')
  assert.equal(scope.ctx.err?.code, 'ERR_CONTEXT_CANCELLED')
  assert.equal(scope.ctx.cause, 'reason')
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  assert.equal(withSignal(background(), controller.signal).ctx.cause, 'reason')
  withSignal(parent.ctx, new AbortController().signal)
})

test('a hundred thousand scopes below one context leave nothing there', () => {
  const clock = new FakeClock()
  const parent = withCancel(background(clock))
  const controller = new AbortController()
  for (let i = 0; i < 100_000; i++) {
    using scope = withTimeout(parent.ctx, 60_000)
    using bridged = withSignal(scope.ctx, controller.signal)
    assert.equal(bridged.ctx.err, null)
  }
  assert.equal(parent.ctx.childCount, 0)
  assert.equal(clock.timerCount, 0)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
})

test('isEndOf tells the end of a context from a failure', async () => {
  const scope = withCancel(background())
  const aborted = new DOMException('aborted', 'AbortError')
  assert.equal(isEndOf(scope.ctx, aborted), false)
  scope.cancel('why')
  const { err } = scope.ctx
  for (const error of [err, 'why', aborted]) assert.equal(isEndOf(scope.ctx, error), true)
  for (const error of [new Error('other'), undefined]) {
    assert.equal(isEndOf(scope.ctx, error), false)
  }
  const { setTimeout } = await import('node:timers/promises')
  const failure: unknown = await setTimeout(1_000, undefined, { signal: scope.ctx.signal }).catch(
    (error: unknown) => error,
  )
  assert.equal(isEndOf(scope.ctx, failure), true)
})

test('a lifetime of its own is below the root of the process', () => {
  const lifetime = newLifetime()
  assert.equal(lifetime.deadlineMs, Infinity)
  assert.equal(lifetime.ending, null)
})

test('the compiler keeps contexts from being made up', () => {
  // @ts-expect-error: not a context
  const wrong: Context = { err: null }
  assert.ok(wrong)
})
