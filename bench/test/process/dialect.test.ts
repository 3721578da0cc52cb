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
  const { request, reply } = plain.wrap('binary', payload)
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
  const text = socketIo.wrap('text', Buffer.from('a "quoted" é'))
  assert.deepEqual(text.request, [
    { kind: 'text', payload: Buffer.from(String.raw`42["m","a \"quoted\" é"]`) },
  ])
  assert.deepEqual(text.reply, text.request)
  const payload = Buffer.of(0, 255)
  const binary = socketIo.wrap('binary', payload)
  assert.deepEqual(binary.request, [
    { kind: 'text', payload: Buffer.from('451-["m",{"_placeholder":true,"num":0}]') },
    { kind: 'binary', payload },
  ])
  assert.deepEqual(binary.reply, binary.request)
})
