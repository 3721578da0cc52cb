// What a model sees of a connection and its messages where the route has a contract.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { contract } from '../../src/connection/contract.ts'
import { typedView, UNFIT } from '../../src/connection/message-view.ts'
import { TypedConnection } from '../../src/connection/typed-connection.ts'
import { Stand } from './stand.ts'

const Sum = contract({
  in: z.object({ add: z.array(z.coerce.number()) }),
  out: z.object({ sum: z.number() }),
})

test('a message that matches is what the schema makes of it, and nothing is sent', () => {
  const view = typedView(Sum)
  const { connection, transport, stand } = new Stand().open()
  assert.deepEqual(view.message(connection, '{"add":[1,"2"]}'), { add: [1, 2] })
  stand.clock.runTurns()
  assert.deepEqual(transport.writes, [])
})

test('a message that does not match is answered with where it differs, and the connection goes on', () => {
  const view = typedView(Sum)
  const line = new Stand().open()
  for (const message of ['{"add":[1,{}]}', 'no json', Uint8Array.of(1)]) {
    assert.equal(view.message(line.connection, message), UNFIT)
    line.stand.clock.runTurns()
    const [answer, ...more] = line.shown()
    assert.deepEqual(more, [])
    const { error } = JSON.parse(answer!.slice(2)) as {
      error: { code: string; fix: string; issues: { path: unknown[] }[] }
    }
    assert.equal(error.code, 'ERR_MESSAGE_INVALID')
    assert.ok(error.fix.length > 0)
    if (message === '{"add":[1,{}]}') assert.deepEqual(error.issues[0]!.path, ['add', 1])
  }
  assert.ok(line.connection.isOpen)
  assert.deepEqual(line.stand.failures, [])
})

test('a schema that validates asynchronously throws: it would cost the order', () => {
  const view = typedView(contract({ in: z.string().refine(async () => true), out: z.string() }))
  const { connection } = new Stand().open()
  assert.throws(() => view.message(connection, '"x"'), { code: 'ERR_CONTRACT_ASYNC' })
})

test('the connection is that of the contract, and the raw one stands behind it', () => {
  const line = new Stand().open()
  const typed = typedView(Sum).connection(line.connection)
  assert.ok(typed instanceof TypedConnection)
  assert.equal(typed.raw, line.connection)
  typed.send({ sum: 3 })
  line.stand.clock.runTurns()
  assert.deepEqual(line.shown(), ['1 {"sum":3}'])
  assert.throws(() => typed.send({ sum: 'three' } as never), { code: 'ERR_MESSAGE_OUT_INVALID' })
})
