import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Inbox } from '../src/inbox.ts'

const idle = (): void => {}

test('messages come out in the order in which they went in, whoever waits for whom', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), async (steps) => {
      const inbox = new Inbox<number>(1000, idle)
      const reader = inbox.read(idle)
      const reads: Promise<IteratorResult<number, undefined>>[] = []
      let pushedCount = 0
      for (const isPush of steps) {
        if (isPush) inbox.push(pushedCount++)
        else reads.push(reader.next())
      }
      inbox.end()
      const values = (await Promise.all(reads)).filter(({ done }) => !done)
      assert.deepEqual(
        values.map(({ value }) => value),
        [...Array(Math.min(pushedCount, reads.length)).keys()],
      )
    }),
  )
})

test('a reader that is too slow is told of the gap at its place, then reads on', async () => {
  const gaps: string[] = []
  const inbox = new Inbox<number>(2, (error) => gaps.push(error.code))
  for (const number of [1, 2, 3, 4]) inbox.push(number)
  const reader = inbox.read(idle)
  assert.equal((await reader.next()).value, 1)
  // There is room again, but behind the gap nothing may enter before the gap was seen.
  inbox.push(5)
  assert.equal((await reader.next()).value, 2)
  await assert.rejects(reader.next(), { code: 'ERR_INBOX_FULL', message: /3 missed/ })
  inbox.push(6)
  assert.equal((await reader.next()).value, 6)
  assert.deepEqual(gaps, ['ERR_INBOX_FULL'])
})

test('what was there before the end is still read after it', async () => {
  const inbox = new Inbox<string>(10, idle)
  inbox.push('last')
  inbox.end()
  const read: string[] = []
  for await (const message of { [Symbol.asyncIterator]: () => inbox.read(idle) }) read.push(message)
  assert.deepEqual(read, ['last'])
})

test('a reader that leaves swallows no message', async () => {
  const inbox = new Inbox<string>(10, idle)
  const first = inbox.read(idle)
  const pending = first.next()
  await first.return?.()
  assert.equal((await pending).done, true)
  inbox.push('for the second')
  assert.equal((await inbox.read(idle).next()).value, 'for the second')
  assert.equal((await first.next()).done, true)
})

test('two readers share the messages: each goes to one', async () => {
  const inbox = new Inbox<number>(10, idle)
  const reads = [inbox.read(idle).next(), inbox.read(idle).next()]
  inbox.push(1)
  inbox.push(2)
  assert.deepEqual(
    (await Promise.all(reads)).map(({ value }) => value),
    [1, 2],
  )
})
