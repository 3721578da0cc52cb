// What is kept for a connection of the queues model; what comes of the calls on the wire stands in dispatch.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queues } from 'holdline/queues'
import type { HeldConnection } from '../../../src/connection/held-connection.ts'
import { UNFIT } from '../../../src/connection/message-view.ts'
import type { MessageView } from '../../../src/connection/message-view.ts'
import type { ConnectionQueue } from '../../../src/models/queues/connection-queue.ts'
import type { DispatchQueue } from '../../../src/models/queues/dispatch-queue.ts'
import { QueuedHandlers } from '../../../src/models/queues/queued-handlers.ts'

const connection = (): HeldConnection => ({ id: 1, model: null }) as HeldConnection

test('a plain connection whose handler returns at once costs nothing', () => {
  const seen: unknown[] = []
  const program = new QueuedHandlers<HeldConnection, string | Uint8Array>(
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

test('the connection of a view is made once, and a message that does not fit reaches nobody', () => {
  let made = 0
  const view: MessageView<{ readonly id: number }, string> = {
    connection: ({ id }) => ({ id, made: ++made }),
    message: (_, data) => (data === 'unfit' ? UNFIT : `seen ${data as string}`),
  }
  const seen: string[] = []
  const program = new QueuedHandlers(
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

test('what is kept for a connection goes when its queue is idle, but for what was chosen or made for it', () => {
  const c = connection()
  const plain = new QueuedHandlers<HeldConnection, string>({}, null, null)
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
