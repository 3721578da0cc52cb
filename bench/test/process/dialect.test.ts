import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dialects } from '../../src/process/dialect.ts'

const { plain, 'socket-io': socketIo } = dialects

test('a dialect is found by the name it has', () => {
  for (const [name, dialect] of Object.entries(dialects)) assert.equal(dialect.name, name)
})

test('plain: the path, the kind and the bytes are those of the scenario, and nothing comes before', () => {
  const payload = Buffer.of(0, 1, 255)
  assert.equal(plain.path('/t/news'), '/t/news')
  assert.deepEqual(plain.opening('/t/news'), [])
  const { request, reply } = plain.wrap('binary', payload, 1)
  assert.deepEqual(request, [{ kind: 'binary', payload }])
  assert.deepEqual(reply, request)
})

test('socket-io: the echo waits for Engine.IO, then connects to the namespace', () => {
  assert.equal(socketIo.path('/'), '/socket.io/?EIO=4&transport=websocket')
  assert.deepEqual(socketIo.opening('/'), [
    { send: [], swallowFrameCount: 1 },
    { send: [{ kind: 'text', payload: Buffer.from('40') }], swallowFrameCount: 1 },
  ])
})

test('socket-io: a topic is a room, joined with an acknowledgement', () => {
  assert.equal(socketIo.path('/t/n"1'), socketIo.path('/'))
  assert.deepEqual(socketIo.opening('/t/n"1').at(-1), {
    send: [{ kind: 'text', payload: Buffer.from(String.raw`420["join","n\"1"]`) }],
    swallowFrameCount: 1,
  })
})

test('socket-io: text is a JSON event, bytes are a frame of their own behind a placeholder', () => {
  const text = socketIo.wrap('text', Buffer.from('a "quoted" é'), 1)
  assert.deepEqual(text.request, [
    { kind: 'text', payload: Buffer.from(String.raw`42["m","a \"quoted\" é"]`) },
  ])
  assert.deepEqual(text.reply, text.request)
  const payload = Buffer.of(0, 255)
  const binary = socketIo.wrap('binary', payload, 1)
  assert.deepEqual(binary.request, [
    { kind: 'text', payload: Buffer.from('451-["m",{"_placeholder":true,"num":0}]') },
    { kind: 'binary', payload },
  ])
  assert.deepEqual(binary.reply, binary.request)
})

test('lines: hello is said by the server, a subscription is answered, a publication carries its number', () => {
  const line = dialects['line-json']
  assert.deepEqual([line.path('/t/0'), line.subprotocol], ['/line', 'holdline.v1'])
  const subscribe = Buffer.from('{"type":"subscribe","id":1,"topic":"0"}')
  assert.deepEqual(line.opening('/t/0'), [
    { send: [], swallowFrameCount: 1 },
    { send: [{ kind: 'text', payload: subscribe }], swallowFrameCount: 1 },
  ])
  const resumed = line.opening('/t/0', { epoch: 'e', offset: 4, missedCount: 3 }).at(-1)!
  assert.equal(resumed.swallowFrameCount, 4)
  assert.match(resumed.send[0].payload.toString(), /"since":\{"epoch":"e","offset":4\}/)
  const { request, reply } = line.wrap('text', Buffer.from('{"id":1}'), 12)
  assert.deepEqual(
    [...request, ...reply].map(({ kind, payload }) => [kind, payload.toString()]),
    [
      ['text', '{"type":"publish","topic":"0","data":{"id":1}}'],
      ['text', '{"type":"pub","topic":"0","offset":12,"data":{"id":1}}'],
    ],
  )
})

test('lines in MessagePack: the same, as binary messages', () => {
  const { request, reply } = dialects['line-msgpack'].wrap('text', Buffer.from('{"id":1}'), 12)
  assert.deepEqual(
    [...request, ...reply].map(({ kind, payload }) => [kind, payload.toString('hex')]),
    [
      ['binary', '83a474797065a77075626c697368a5746f706963a130a46461746181a2696401'],
      ['binary', '84a474797065a3707562a5746f706963a130a66f66667365740ca46461746181a2696401'],
    ],
  )
})
