// The vectors of docs/wire/vectors, from the client's side; the server's tests read the same files.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { msgpack } from 'holdline-client/msgpack'
import type { Envelope } from 'holdline-client'
import { jsonEnvelopes, messageOf } from '../src/envelope.ts'
import { script } from './script-line.ts'

const folder = new URL('../../../docs/wire/vectors/', import.meta.url)
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))

const { messages } = read('messages.json') as {
  messages: { from: 'client' | 'server'; json: string; msgpack: string }[]
}
const { exchanges } = read('exchanges.json') as {
  exchanges: { name: string; steps: { expect?: Record<string, unknown> }[] }[]
}

const bytesOf = (base64: string): ArrayBuffer =>
  new Uint8Array(Buffer.from(base64, 'base64')).buffer

/** As a program sees it, whatever the encoding. */
function seen(envelope: Envelope): unknown {
  const { data64: _, data: __, publications, ...rest } = envelope
  const data = messageOf(envelope, undefined, null).data
  const list = (publications as Envelope[] | undefined)?.map(seen)
  return { ...rest, data, publications: list }
}

test('each message of the server reads the same in both encodings, and is one to the client', () => {
  const fromServer = messages.filter(({ from }) => from === 'server')
  assert.ok(fromServer.length > 10)
  const { line, server, connect, world, errors } = script()
  server.topic('news')
  connect()
  line.subscribe('news', { presence: true })
  for (const vector of fromServer) {
    const text = jsonEnvelopes.decode(vector.json) as Envelope
    const packed = msgpack.decode(bytesOf(vector.msgpack)) as Envelope
    assert.deepEqual(seen(text), seen(packed), vector.json)
    world.socket.receive(vector.json)
    assert.equal(line.state === 'closed', false)
  }
  assert.ok(!errors.includes('ERR_ENVELOPE_INVALID'), errors.join())
  line.close()
})

test('each message of a client is what this one would send', () => {
  const fromClient = messages.filter(({ from }) => from === 'client')
  assert.ok(fromClient.length > 8)
  for (const vector of fromClient) {
    const packed = msgpack.decode(bytesOf(vector.msgpack)) as Envelope
    assert.deepEqual(JSON.parse(jsonEnvelopes.encode(packed) as string), JSON.parse(vector.json))
    const again = msgpack.encode(packed) as Uint8Array<ArrayBuffer>
    assert.deepEqual(Buffer.from(again).toString('base64').length, vector.msgpack.length)
  }
})

test('whatever the server says in the exchanges, the client takes as it is meant', () => {
  assert.ok(exchanges.length > 20)
  for (const { name, steps } of exchanges) {
    const { line, server, connect, say, errors } = script()
    server.topic('news')
    connect()
    for (const { expect } of steps) if (expect) say(fixed(expect))
    assert.ok(!errors.includes('ERR_ENVELOPE_INVALID'), `${name}: ${errors.join()}`)
    line.close()
  }
})

/** What stands for any value becomes one. */
function fixed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(fixed)
  if ('$any' in value || '$save' in value || '$use' in value) return 'x'
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, fixed(field)]))
}
