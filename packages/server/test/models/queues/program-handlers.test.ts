// The calls themselves; what comes of them on the wire stands in dispatch.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queues } from 'holdline/queues'
import type { HeldConnection } from '../../../src/connection/held-connection.ts'
import { UNFIT } from '../../../src/connection/message-view.ts'
import type { MessageView } from '../../../src/connection/message-view.ts'
import type { ConnectionQueue } from '../../../src/models/queues/connection-queue.ts'
import type { DispatchQueue } from '../../../src/models/queues/dispatch-queue.ts'
import { ProgramHandlers } from '../../../src/models/queues/program-handlers.ts'

const connection = (): HeldConnection => ({ id: 1, model: null }) as HeldConnection

test('a plain connection whose handler returns at once costs nothing', () => {
  const seen: unknown[] = []
  const program = new ProgramHandlers<HeldConnection, string | Uint8Array>(
    { message: (c, message) => void seen.push(c, message) },
    null,
    null,
  )
  const c = connection()
  const bytes = Uint8Array.of(1)
  assert.equal(program.handle(c, bytes), undefined)
  assert.equal(c.model, null)
  assert.deepEqual(seen, [c, bytes])
  assert.equal(seen[1], bytes, 'borrowed, not copied')
})

test('once a handler returned a promise its bytes are copied', async () => {
  const seen: unknown[] = []
  const program = new ProgramHandlers<HeldConnection, string | Uint8Array>(
    {
      message: (_, message) => {
        seen.push(message)
        return Promise.resolve()
      },
    },
    null,
    null,
  )
  const bytes = Uint8Array.of(1)
  await program.handle(connection(), bytes)
  await program.handle(connection(), bytes)
  assert.equal(seen[0], bytes)
  assert.notEqual(seen[1], bytes)
})

test('the connection of a view is made once, and a message that does not fit reaches nobody', () => {
  let made = 0
  const view: MessageView<{ readonly id: number }, string> = {
    connection: ({ id }) => ({ id, made: ++made }),
    message: (_, data) => (data === 'unfit' ? UNFIT : `seen ${data as string}`),
  }
  const seen: string[] = []
  const program = new ProgramHandlers(
    { message: (_, message: string) => void seen.push(message) },
    view,
    null,
  )
  const c = connection()
  program.handle(c, 'unfit')
  program.handle(c, 'fit')
  program.handle(c, 'fit')
  assert.deepEqual(seen, ['seen fit', 'seen fit'])
  assert.equal(made, 1)
})

test('a failure is told, then handed on; without anybody to tell the promise is as it was', async () => {
  const cause = new Error('meant')
  const told: unknown[] = []
  const program = new ProgramHandlers<HeldConnection, string | Uint8Array>(
    { error: (_, error) => void told.push(error) },
    null,
    null,
  )
  const fail = (): never => {
    throw cause
  }
  assert.throws(() => program.run(connection(), fail), cause)
  await assert.rejects(
    program.run(connection(), () => Promise.reject(cause)) as Promise<void>,
    cause,
  )
  assert.deepEqual(told, [cause, cause])
  const silent = new ProgramHandlers<HeldConnection, string>({}, null, null)
  const promise = Promise.resolve()
  assert.equal(
    silent.run(connection(), () => promise),
    promise,
  )
})

test('what is kept for a connection goes when its queue is idle, but for what was chosen or made for it', () => {
  const c = connection()
  const plain = new ProgramHandlers<HeldConnection, string>({}, null, null)
  plain.heldOf(c)
  plain.idle(c)
  assert.equal(c.model, null)
  const target = queues().serial() as DispatchQueue
  const held = plain.heldOf(c)
  held.target = target
  held.own = {} as ConnectionQueue
  plain.idle(c)
  assert.equal(c.model, held)
  assert.equal(held.target, target)
  assert.equal(held.own, null)
})
