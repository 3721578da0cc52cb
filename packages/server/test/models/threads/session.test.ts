import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Session, TIMEOUT } from 'holdline/threads'
import type { Contract } from 'holdline'
import { UpgradeRequest } from '../../../src/connection/upgrade-request.ts'
import { ParcelKind } from '../../../src/models/threads/parcel-kind.ts'
import { copyRequest } from '../../../src/models/threads/session-request.ts'
import { endsOf } from './ends.ts'
import type { Ends } from './ends.ts'
import { Sum } from './sessions/typed.ts'

const request = UpgradeRequest.of({
  method: 'GET',
  target: '/room/a?b=c',
  httpVersion: '1.1',
  secure: true,
  rawHeaders: ['Host', 'example.com', 'X-Two', '1', 'x-two', '2'],
  remoteAddress: '192.0.2.1',
})

function sessionOf<C extends Contract | undefined = undefined>(
  contract?: C,
  canPublish = true,
): { session: Session<C>; ends: Ends; sent: () => unknown[] } {
  const ends = endsOf(1_024)
  const start = { id: 5, data: null, subprotocol: '', request: copyRequest(request) }
  const session = new Session<C>(ends.thread, start, contract, canPublish)
  const sent = (): unknown[] => {
    ends.loop.called()
    return ends.got.splice(0)
  }
  return { session, ends, sent }
}

test('once recv has said that it ended nothing is sent, though the loop has not said so to senders', () => {
  const { session, ends, sent } = sessionOf()
  ends.loop.write(ParcelKind.END, '4000 so long')
  assert.equal(session.recv(), null)
  assert.equal(session.isOpen, false)
  assert.equal(session.send('too late'), 'closed')
  assert.equal(session.trySend('too late'), 'closed')
  assert.deepEqual(sent(), [])
})

test('recv: messages in order, TIMEOUT when there is none, null for ever once it has ended', () => {
  const { session, ends } = sessionOf()
  assert.equal(session.recv(0), TIMEOUT)
  ends.loop.write(ParcelKind.MESSAGE, 'a')
  ends.loop.write(ParcelKind.MESSAGE, Uint8Array.of(1))
  ends.loop.write(ParcelKind.END, '4000 so long')
  ends.loop.end()
  assert.equal(session.isOpen, false)
  assert.equal(session.recv(), 'a')
  assert.deepEqual(session.recv(), Uint8Array.of(1))
  assert.equal(session.closeCode, null)
  assert.equal(session.recv(), null)
  assert.deepEqual([session.closeCode, session.closeReason], [4000, 'so long'])
  assert.equal(session.recv(5), null)
})

test('close is sent once, and nothing behind it', () => {
  const { session, sent } = sessionOf()
  assert.throws(() => session.close(999), { code: 'ERR_CLOSE_ARGUMENT' })
  assert.throws(() => session.close(1000, 'x'.repeat(124)), { code: 'ERR_CLOSE_ARGUMENT' })
  session.send('last')
  session.close(4000, 'bye')
  session.close(4001)
  assert.equal(session.send('x'), 'closed')
  assert.equal(session.trySend('x'), 'closed')
  assert.equal(session.recv(), null)
  assert.deepEqual(sent(), [
    [ParcelKind.MESSAGE, 'last'],
    [ParcelKind.CLOSE, '4000 bye'],
  ])
})

test('what programs without types send is refused in the thread', () => {
  const { session, sent } = sessionOf()
  assert.throws(() => session.send(5 as never), TypeError)
  assert.throws(() => session.recv(-1), { code: 'ERR_OPTION_INVALID' })
  assert.throws(() => session.sleep(Number.NaN), { code: 'ERR_OPTION_INVALID' })
  session.send(Uint8Array.of(1, 2).buffer as never)
  assert.deepEqual(sent(), [[ParcelKind.MESSAGE, Uint8Array.of(1, 2)]])
})

test('a contract: what does not match is answered and not received', () => {
  const { session, ends, sent } = sessionOf(Sum)
  ends.loop.write(ParcelKind.MESSAGE, '{"add":1}')
  ends.loop.write(ParcelKind.MESSAGE, '{"add":[1]}')
  assert.deepEqual(session.recv(0), { add: [1] })
  session.send({ sum: 1 })
  assert.throws(() => session.send({ sum: 'x' as never }), { code: 'ERR_MESSAGE_OUT_INVALID' })
  const [answer, message] = sent() as [[number, string], [number, string]]
  assert.match(answer[1], /ERR_MESSAGE_INVALID/)
  assert.equal(message[1], '{"sum":1}')
})

test('a publication is its topic and its message; topics are checked in the thread', () => {
  const { session, ends, sent } = sessionOf(Sum)
  session.subscribe('news')
  session.unsubscribe('news')
  session.publish('news', { sum: 2 })
  assert.throws(() => session.publish('', { sum: 2 }), { code: 'ERR_TOPIC_NAME' })
  assert.throws(() => session.subscribe('\n'), { code: 'ERR_TOPIC_NAME' })
  assert.throws(() => session.unsubscribe(''), { code: 'ERR_TOPIC_NAME' })
  assert.deepEqual(sent(), [
    [ParcelKind.SUBSCRIBE, 'news'],
    [ParcelKind.UNSUBSCRIBE, 'news'],
    [ParcelKind.TOPIC, 'news'],
    [ParcelKind.PUBLISH, '{"sum":2}'],
  ])
  ends.loop.end()
  session.publish('news', { sum: 3 })
  assert.equal(sent().length, 2, 'those who stay are told also after the end')
  assert.throws(() => sessionOf(undefined, false).session.publish('news', 'x'), {
    code: 'ERR_THREAD_PUBLISH',
  })
})
