// The calls themselves; what comes of them on the wire stands in the tests of the models.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HeldConnection } from '../../src/connection/held-connection.ts'
import { UNFIT } from '../../src/connection/message-view.ts'
import type { MessageView } from '../../src/connection/message-view.ts'
import { ProgramHandlers } from '../../src/connection/program-handlers.ts'
import type { ProgramFunctions } from '../../src/connection/program-handlers.ts'

class Handlers<C, M> extends ProgramHandlers<C, M> {
  constructor(functions: ProgramFunctions<C, M>, view: MessageView<C, M> | null = null) {
    super(functions, view)
  }

  seenAs(c: HeldConnection): C {
    return this.view === null ? (c as C) : this.view.connection(c)
  }
}

const connection = (): HeldConnection => ({ id: 1, model: null }) as HeldConnection

test('a message reaches its handler as it is; borrowed bytes are not copied', () => {
  const seen: unknown[] = []
  const program = new Handlers<HeldConnection, string | Uint8Array>({
    message: (c, message) => void seen.push(c, message),
  })
  const c = connection()
  const bytes = Uint8Array.of(1)
  assert.equal(program.handle(c, bytes), undefined)
  assert.equal(seen[0], c)
  assert.equal(seen[1], bytes)
})

test('an asynchronous function has bytes of its own from the first message on', async () => {
  const seen: unknown[] = []
  const program = new Handlers<HeldConnection, string | Uint8Array>({
    message: async (_, message) => void seen.push(message),
  })
  const bytes = Uint8Array.of(1)
  await program.handle(connection(), bytes)
  assert.notEqual(seen[0], bytes)
  assert.deepEqual(seen, [bytes])
})

test('a message that does not fit its view reaches nobody', () => {
  const view: MessageView<number, string> = {
    connection: ({ id }) => id,
    message: (_, data) => (data === 'unfit' ? UNFIT : `seen ${data as string}`),
  }
  const seen: unknown[] = []
  const program = new Handlers(
    { message: (id: number, message: string) => void seen.push(id, message) },
    view,
  )
  program.handle(connection(), 'unfit')
  program.handle(connection(), 'fit')
  assert.deepEqual(seen, [1, 'seen fit'])
})

test('where telling of a failure fails too, both errors are handed on', () => {
  const first = new Error('first')
  const second = new Error('second')
  const program = new Handlers<HeldConnection, string>({
    error: () => {
      throw second
    },
  })
  assert.throws(
    () =>
      program.run(connection(), () => {
        throw first
      }),
    (error: AggregateError) => error.errors[0] === first && error.errors[1] === second,
  )
})

test('once a handler returned a promise its bytes are copied', async () => {
  const seen: unknown[] = []
  const program = new Handlers<HeldConnection, string | Uint8Array>({
    message: (_, message) => {
      seen.push(message)
      return Promise.resolve()
    },
  })
  const bytes = Uint8Array.of(1)
  await program.handle(connection(), bytes)
  await program.handle(connection(), bytes)
  assert.equal(seen[0], bytes)
  assert.notEqual(seen[1], bytes)
})

test('a failure is told, then handed on; without anybody to tell the promise is as it was', async () => {
  const cause = new Error('meant')
  const told: unknown[] = []
  const program = new Handlers<HeldConnection, string | Uint8Array>({
    error: (_, error) => void told.push(error),
  })
  const fail = (): never => {
    throw cause
  }
  assert.throws(() => program.run(connection(), fail), cause)
  await assert.rejects(
    program.run(connection(), () => Promise.reject(cause)) as Promise<void>,
    cause,
  )
  assert.deepEqual(told, [cause, cause])
  const silent = new Handlers<HeldConnection, string>({})
  const promise = Promise.resolve()
  assert.equal(
    silent.run(connection(), () => promise),
    promise,
  )
})
