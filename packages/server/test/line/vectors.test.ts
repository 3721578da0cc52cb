// The vectors of docs/wire/vectors against the server: each exchange on a line of its own, in both encodings. The
// client's tests read the same files.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { decode } from '@msgpack/msgpack'
import { line } from 'holdline/line'
import type { LineIdentity } from 'holdline/line'
import { wireFrame } from 'holdline/testing'
import { readCommand } from '../../src/line/command.ts'
import { jsonEncoding, messagePackEncoding } from '../../src/line/encoding.ts'
import { wireServer } from '../server/wire-server.ts'
import type { WireServer } from '../server/wire-server.ts'
import { dialLine, subprotocols } from './line-peer.ts'
import type { Anything, LinePeer, Message, Subprotocol } from './line-peer.ts'

const folder = join(import.meta.dirname, '../../../../docs/wire/vectors')
const read = (name: string): Anything => JSON.parse(readFileSync(join(folder, name), 'utf8'))

interface Exchange {
  readonly name: string
  readonly encoding?: Subprotocol
  readonly handshake?: { readonly authorization?: string; readonly offers?: readonly string[] }
  readonly steps: readonly Message[]
}

function identify({ token }: { readonly token: string }): LineIdentity | null {
  const issuedAtMs = Date.now() - 1_000
  switch (token) {
    case 'ann':
    case 'bob':
      return { id: token, issuedAtMs }
    case 'ann-short':
      return { id: 'ann', issuedAtMs, expiresAtMs: Date.now() + 60_000 }
    case 'expired':
      return { id: 'ann', issuedAtMs, expiresAtMs: Date.now() - 1 }
    default:
      return null
  }
}

function served(): Promise<WireServer> {
  const route = line({
    identify,
    authorize: ({ topic }) => !topic.startsWith('secret.'),
    maxSubscriptions: 3,
    maxPublishBytes: 100,
  })
  return wireServer('memory', {
    topics: { 'news.*': { history: { count: 5 } } },
    routes: { '/live': route },
  })
}

/** Compares a message with what the vector says of it, and keeps what it wants kept. */
function compare(
  given: Anything,
  expected: Anything,
  kept: Map<string, Anything>,
  path: string,
): void {
  if (expected !== null && typeof expected === 'object' && !(expected instanceof Uint8Array)) {
    if ('$any' in expected) return assert.notEqual(given, undefined, path)
    if ('$save' in expected) return void kept.set(expected.$save, given)
    if ('$use' in expected) return assert.deepEqual(given, kept.get(expected.$use), path)
    assert.equal(typeof given, 'object', `${path} is ${JSON.stringify(given)}`)
    assert.deepEqual(Object.keys(given ?? {}).toSorted(), Object.keys(expected).toSorted(), path)
    for (const name of Object.keys(expected)) {
      compare(given[name], expected[name], kept, `${path}.${name}`)
    }
  } else assert.deepEqual(given, expected, path)
}

function filled(value: Anything, kept: Map<string, Anything>): Anything {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map((item) => filled(item, kept))
  const { $use, ...rest } = value
  const own = Object.fromEntries(
    Object.entries(rest).map(([name, field]) => [name, filled(field, kept)]),
  )
  return $use === undefined ? own : { ...kept.get($use), ...own }
}

/** In MessagePack bytes are bytes. */
function spoken(message: Anything, subprotocol: Subprotocol): Anything {
  if (subprotocol === 'holdline.v1' || typeof message?.data64 !== 'string') return message
  const { data64, ...rest } = message
  return { ...rest, data: Uint8Array.from(Buffer.from(data64, 'base64')) }
}

async function take(wire: WireServer, peer: LinePeer, step: Message, kept: Map<string, Anything>) {
  if ('send' in step) peer.send(filled(spoken(step['send'], peer.subprotocol), kept))
  else if ('sendText' in step) peer.peer.raw(wireFrame(1, step['sendText']))
  else if ('sendBytes' in step) {
    peer.peer.raw(wireFrame(2, Buffer.from(step['sendBytes'], 'base64')))
  } else if ('expect' in step) {
    const message = await peer.next()
    const said = `in ${JSON.stringify(message)}: `
    compare(message, spoken(step['expect'], peer.subprotocol), kept, said)
  } else if ('close' in step) assert.deepEqual(await peer.closed(), step['close'])
  else if ('revoke' in step) await wire.settled(wire.server.revoke(step['revoke']))
  else if ('publish' in step) {
    const { topic, data, data64, key } = step['publish']
    const message = data64 === undefined ? JSON.stringify(data) : Buffer.from(data64, 'base64')
    await wire.settled(wire.server.publish(topic, message, { ...(key !== undefined && { key }) }))
  } else assert.fail(`a step that is none: ${JSON.stringify(step)}`)
}

for (const subprotocol of subprotocols) {
  describe(`exchanges in ${subprotocol}`, () => {
    for (const { name, encoding, handshake, steps } of read('exchanges.json')
      .exchanges as Exchange[]) {
      if (encoding !== undefined && encoding !== subprotocol) continue
      test(name, async () => {
        await using wire = await served()
        const { authorization, offers = [] } = handshake ?? {}
        const peer = await dialLine(wire, {
          subprotocol,
          offers,
          ...(authorization !== undefined && { headers: { Authorization: authorization } }),
        })
        const kept = new Map<string, Anything>()
        for (const step of steps) await take(wire, peer, step, kept)
        await wire.pass(1)
        if (!('close' in steps.at(-1)!)) assert.equal(peer.peer.frameCount, 0, 'nothing more')
      })
    }
  })
}

describe('messages', () => {
  for (const { from, json, msgpack } of read('messages.json').messages) {
    test(`of the ${from}: ${json}`, () => {
      const bytes = new Uint8Array(Buffer.from(msgpack, 'base64'))
      const { data64, ...text } = JSON.parse(json)
      const binary = decode(bytes) as Message
      const data =
        data64 === undefined ? {} : { data: new Uint8Array(Buffer.from(data64, 'base64')) }
      assert.deepEqual({ ...text, ...data }, binary)
      if (from !== 'client') return
      const one = readCommand(jsonEncoding.decode(json))
      const other = readCommand(messagePackEncoding.decode(bytes))
      const plain = (command: object): string =>
        JSON.stringify(command, (_, value) => (value instanceof Uint8Array ? [...value] : value))
      if (!('message' in one) || typeof one.message === 'string') {
        assert.equal(plain(one), plain(other))
      } else {
        assert.deepEqual(
          Buffer.from(one.message),
          Buffer.from((other as typeof one).message as Uint8Array),
        )
      }
    })
  }
})
