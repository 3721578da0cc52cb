// How a rival's own protocol carries what the scenarios say: which frames a raw WebSocket client sends and which
// come back. Pure data and functions; both the bench and the load generator's process import it. Knows no sockets.

import { messagePack } from './message-pack.ts'

/** A whole, unfragmented, unmasked message. */
export interface DialectFrame {
  readonly kind: 'text' | 'binary'
  readonly payload: Buffer
}

/** Frames to send, and how many have to come back (any content) before the next step. */
export interface OpeningStep {
  readonly send: readonly DialectFrame[]
  readonly swallowFrameCount: number
}

export interface WrappedMessage {
  /** What carries the message to the server. */
  readonly request: readonly DialectFrame[]
  /** What the sender gets for an echo, and every subscriber for a publication: exactly these bytes, in this order. */
  readonly reply: readonly DialectFrame[]
}

/** Where a subscription of a numbered dialect goes on. */
export interface ResumePoint {
  readonly epoch: string
  readonly offset: number
  /** Publications behind it: the connection is open when it has them. */
  readonly missedCount: number
}

export interface Dialect {
  readonly name: DialectName
  /** Offered with the handshake. */
  readonly subprotocol?: string
  /** Publications carry their number, so that their lengths differ: they are counted by their frames. */
  readonly isNumbered?: boolean
  /** The path to connect to for a path of the scenario: `/` for the echo, `/t/<name>` for a topic. */
  path(scenarioPath: string): string
  /** After the upgrade, step by step. When the last is done, the connection is ready and subscribed. */
  opening(scenarioPath: string, resume?: ResumePoint): readonly OpeningStep[]
  /**
   * Text has to be UTF-8.
   * @param number - which publication of its topic it is, from 1; looked at where `isNumbered`
   */
  wrap(kind: DialectFrame['kind'], payload: Buffer, number: number): WrappedMessage
}

export type DialectName = 'plain' | 'socket-io' | 'line-json' | 'line-msgpack'

/** The rival speaks the scenario's protocol as it is. */
const plain: Dialect = {
  name: 'plain',
  path: (scenarioPath) => scenarioPath,
  opening: () => [],
  wrap(kind, payload) {
    const frames = [{ kind, payload }]
    return { request: frames, reply: frames }
  },
}

/**
 * Socket.IO 5 on Engine.IO 4. The first digit is Engine.IO's (0 open, 4 message), the second Socket.IO's (0 connect,
 * 2 event, 3 acknowledgement, 5 event with bytes). Frames after the upgrade:
 *
 *   ← 0{"sid":…,"pingInterval":…}     open
 *   → 40                              connect to the namespace `/`
 *   ← 40{"sid":…}
 *   → 420["join","name"]              event with acknowledgement 0; only for a topic
 *   ← 430[]
 *   ⇄ 42["m","…"]                     a text message: an event in JSON
 *   ⇄ 451-["m",{"_placeholder":true,"num":0}], then a binary frame with the bytes as they are
 *
 * The server would ping by a text frame `2` and want `3`; bench/rivals/socket-io.ts puts that off for a day.
 */
const socketIo: Dialect = {
  name: 'socket-io',
  path: () => '/socket.io/?EIO=4&transport=websocket',
  opening(scenarioPath) {
    const steps: OpeningStep[] = [
      { send: [], swallowFrameCount: 1 },
      { send: [textFrame('40')], swallowFrameCount: 1 },
    ]
    if (scenarioPath.startsWith('/t/')) {
      const join = JSON.stringify(['join', scenarioPath.slice('/t/'.length)])
      steps.push({ send: [textFrame(`420${join}`)], swallowFrameCount: 1 })
    }
    return steps
  },
  wrap(kind, payload) {
    // JSON.stringify escapes as the server's own does, so the reply is the request, byte by byte.
    const frames =
      kind === 'text'
        ? [textFrame(`42${JSON.stringify(['m', payload.toString()])}`)]
        : [textFrame('451-["m",{"_placeholder":true,"num":0}]'), { kind, payload }]
    return { request: frames, reply: frames }
  },
}

/** Lines publish on this topic only: `wrap` is not told which. */
const lineTopic = '0'

/**
 * holdline.v1 (docs/wire/holdline-v1.md). Messages are JSON. Frames after the upgrade:
 *
 *   ← welcome
 *   → subscribe, ← subscribed
 *   → publish, without an id: it has no answer
 *   ← pub
 */
function line(
  name: 'line-json' | 'line-msgpack',
  subprotocol: string,
  frameOf: (envelope: object) => DialectFrame,
): Dialect {
  return {
    name,
    subprotocol,
    isNumbered: true,
    path: () => '/line',
    opening(scenarioPath, resume) {
      const topic = scenarioPath.slice('/t/'.length)
      const { epoch, offset, missedCount = 0 } = resume ?? {}
      const since = resume === undefined ? {} : { since: { epoch, offset } }
      const subscribe = frameOf({ type: 'subscribe', id: 1, topic, ...since })
      return [
        { send: [], swallowFrameCount: 1 },
        { send: [subscribe], swallowFrameCount: 1 + missedCount },
      ]
    },
    wrap(_kind, payload, number) {
      const data: unknown = JSON.parse(payload.toString())
      const place = { topic: lineTopic, offset: number }
      return {
        request: [frameOf({ type: 'publish', topic: lineTopic, data })],
        reply: [frameOf({ type: 'pub', ...place, data })],
      }
    },
  }
}

/** By name, since a load generator in a process of its own can be sent a name and no functions. */
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  plain,
  'socket-io': socketIo,
  'line-json': line('line-json', 'holdline.v1', (envelope) => textFrame(JSON.stringify(envelope))),
  'line-msgpack': line('line-msgpack', 'holdline.v1.msgpack', (envelope) => ({
    kind: 'binary',
    payload: messagePack(envelope),
  })),
}

function textFrame(text: string): DialectFrame {
  return { kind: 'text', payload: Buffer.from(text) }
}
