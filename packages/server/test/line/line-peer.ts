// A client of holdline.v1 that a test holds in its hands: it sends what it is told, right or wrong, and waits for nothing
// by itself. What it must not know: what is right.
import assert from 'node:assert/strict'
import { decode, encode } from '@msgpack/msgpack'
import { wireFrame } from 'holdline/testing'
import type { WirePeer } from 'holdline/testing'
import type { DialOptions, WireServer } from '../server/wire-server.ts'

/** What came over the line, which may be anything: tests look. */
// oxlint-disable-next-line no-explicit-any -- each test says what it expects of it
export type Anything = any
export type Message = Readonly<Record<string, Anything>>

export const subprotocols = ['holdline.v1', 'holdline.v1.msgpack'] as const
export type Subprotocol = (typeof subprotocols)[number]

export interface LineOptionsOfPeer extends DialOptions {
  readonly subprotocol?: Subprotocol
  /** Offered besides, before it. */
  readonly offers?: readonly string[]
  readonly path?: string
}

export class LinePeer {
  readonly peer: WirePeer
  readonly subprotocol: Subprotocol

  constructor(peer: WirePeer, subprotocol: Subprotocol) {
    this.peer = peer
    this.subprotocol = subprotocol
  }

  /** Sends each as one message of the encoding that was agreed. */
  send(...messages: readonly unknown[]): void {
    for (const message of messages) {
      if (this.subprotocol === 'holdline.v1') this.peer.raw(wireFrame(1, JSON.stringify(message)))
      else this.peer.raw(wireFrame(2, encode(message, { maxDepth: 1_000_000 })))
    }
  }

  async next(): Promise<Message> {
    const message = await this.peer.message()
    assert.equal(typeof message === 'string', this.subprotocol === 'holdline.v1')
    if (typeof message === 'string') return JSON.parse(message) as Message
    return decode(message) as Message
  }

  /** The next message, of which these fields are compared. */
  async expect(fields: Message): Promise<Message> {
    const message = await this.next()
    for (const [name, value] of Object.entries(fields)) {
      assert.deepEqual(message[name], value, `${name} of ${JSON.stringify(message)}`)
    }
    return message
  }

  async ask(message: Message, answer: Message): Promise<Message> {
    this.send(message)
    return this.expect(answer)
  }

  /** The code and the reason of the close frame, which has to come next. */
  async closed(): Promise<readonly [number | null, string]> {
    return this.peer.closeFrame()
  }
}

export async function dialLine(
  wire: WireServer,
  { subprotocol = 'holdline.v1', offers = [], path = '/live', ...rest }: LineOptionsOfPeer = {},
): Promise<LinePeer> {
  const headers = {
    ...(rest.headers as Record<string, string>),
    'Sec-WebSocket-Protocol': [...offers, subprotocol].join(', '),
  }
  const peer = await wire.connect(path, { ...rest, headers })
  assert.equal(peer.header('sec-websocket-protocol'), subprotocol)
  return new LinePeer(peer, subprotocol)
}

/** A line that has been welcomed. */
export async function openLine(wire: WireServer, options?: LineOptionsOfPeer): Promise<LinePeer> {
  const line = await dialLine(wire, options)
  await line.expect({ type: 'welcome' })
  return line
}
