// A connection to send to; on one that says what it is told to say.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contract, type SendResult } from 'holdline'
import { channel, select, send } from 'holdline/csp'
import { z } from 'zod'
import type { HeldConnection } from '../../../src/connection/held-connection.ts'
import { LineSink } from '../../../src/models/csp/line-sink.ts'
import { quiet, settling } from './settling.ts'

class ScriptedLine {
  /** What the next sends say; `sent` behind the last. */
  answers: SendResult[] = []
  readonly sent: unknown[] = []
  isOpen = true

  send(message: unknown): SendResult {
    if (!this.isOpen) return 'closed'
    this.sent.push(message)
    return this.answers.shift() ?? 'sent'
  }
}

function lineSink(): { line: ScriptedLine; tx: LineSink<string> } {
  const line = new ScriptedLine()
  return { line, tx: new LineSink<string>(line as unknown as HeldConnection, null) }
}

test('a send completes at once while the connection keeps up', async () => {
  const { line, tx } = lineSink()
  await tx.send('a')
  assert.equal(tx.trySend('b'), true)
  assert.deepEqual(line.sent, ['a', 'b'])
})

test('behind `queued`, sends wait for drain, and leave in order while there is room', async () => {
  const { line, tx } = lineSink()
  line.answers = ['queued']
  await tx.send('a')
  assert.equal(tx.canSend, false)
  assert.equal(tx.trySend('not now'), false)
  const sends = ['b', 'c', 'd'].map((text) => settling(tx.send(text)))
  assert.equal(tx.waitingSenders, 3)
  await quiet()
  assert.deepEqual(line.sent, ['a'])
  line.answers = ['sent', 'queued']
  tx.drained()
  await quiet()
  assert.deepEqual(line.sent, ['a', 'b', 'c'])
  assert.deepEqual(
    sends.map(({ isSettled }) => isSettled),
    [true, true, false],
  )
  tx.drained()
  await quiet()
  assert.deepEqual(line.sent, ['a', 'b', 'c', 'd'])
  assert.equal(tx.waitingSenders, 0)
  tx.drained()
})

test('a send on a connection that is closed fails, at once and when it waited', async () => {
  const { line, tx } = lineSink()
  line.answers = ['queued']
  await tx.send('a')
  const waiting = settling(tx.send('b'))
  const other = channel<number>()
  const selecting = settling(select({ out: send(tx, 'c'), other }))
  line.isOpen = false
  tx.end()
  await quiet()
  assert.equal(waiting.error?.code, 'ERR_CONNECTION_CLOSED')
  assert.equal(selecting.error?.code, 'ERR_CONNECTION_CLOSED')
  assert.equal(other.waitingReceivers, 0)
  await assert.rejects(tx.send('d'), { name: 'HoldlineError', code: 'ERR_CONNECTION_CLOSED' })
  assert.throws(() => tx.trySend('d'), { code: 'ERR_CONNECTION_CLOSED' })
  await assert.rejects(select({ out: send(tx, 'd') }), { code: 'ERR_CONNECTION_CLOSED' })
  lineSink().tx.end()
})

test('a send that nobody awaits does not take the process along when its connection closes', async () => {
  const rejections: unknown[] = []
  const onRejection = (reason: unknown): unknown => rejections.push(reason)
  process.on('unhandledRejection', onRejection)
  const { line, tx } = lineSink()
  line.answers = ['queued']
  for (const text of ['a', 'b']) void tx.send(text)
  line.isOpen = false
  tx.end()
  void tx.send('c')
  await quiet()
  await quiet()
  process.off('unhandledRejection', onRejection)
  assert.deepEqual(rejections, [])
})

test('a line that closes while senders drain fails those that are left', async () => {
  const { line, tx } = lineSink()
  line.answers = ['queued']
  await tx.send('a')
  const sends = ['b', 'c'].map((text) => settling(tx.send(text)))
  line.answers = ['sent', 'closed']
  tx.drained()
  await quiet()
  assert.equal(sends[0]!.error, undefined)
  assert.equal(sends[1]!.error?.code, 'ERR_CONNECTION_CLOSED')
})

test('it is a case of a select: taken when there is room, and gone when another won', async () => {
  const { line, tx } = lineSink()
  const news = channel<string>()
  line.answers = ['queued']
  assert.equal((await select({ out: send(tx, 'a'), news })).key, 'out')
  const waiting = settling(select({ out: send(tx, 'b'), news }))
  news.trySend('n')
  await quiet()
  assert.equal(waiting.value?.key, 'news')
  assert.equal(tx.waitingSenders, 0)
  const again = settling(select({ out: send(tx, 'c'), news }))
  tx.drained()
  await quiet()
  assert.equal(again.value?.key, 'out')
  assert.deepEqual(line.sent, ['a', 'c'])
  assert.equal(news.waitingReceivers, 0)
})

test('with a contract: checked at once, even where the message has to wait; sent as JSON', async () => {
  const line = new ScriptedLine()
  const schema = z.object({ n: z.number() })
  const agreed = contract({ in: schema, out: schema })
  const tx = new LineSink<{ n: number }>(line as unknown as HeldConnection, agreed)
  const wrong = { n: 'x' as never }
  const refused = { code: 'ERR_MESSAGE_OUT_INVALID' }
  assert.throws(() => tx.send(wrong), refused)
  line.answers = ['queued']
  await tx.send({ n: 1 })
  assert.throws(() => tx.send(wrong), refused)
  const other = channel<number>()
  await assert.rejects(select({ other, out: send(tx, wrong) }), refused)
  assert.equal(tx.waitingSenders + other.waitingReceivers, 0)
  const waits = [settling(tx.send({ n: 2 })), settling(select({ out: send(tx, { n: 3 }) }))]
  tx.drained()
  await quiet()
  assert.ok(waits.every(({ isSettled }) => isSettled))
  assert.deepEqual(line.sent, ['{"n":1}', '{"n":2}', '{"n":3}'])
})
