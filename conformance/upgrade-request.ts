// Builds HTTP/1.1 upgrade requests, right and wrong ones, octet by octet (RFC 6455 §4.1).

import { createHash } from 'node:crypto'
import type { Endpoint } from './raw-connection.ts'
import type { Headers } from './script.ts'

/** The key of the example in RFC 6455 §1.3. */
export const sampleKey = 'dGhlIHNhbXBsZSBub25jZQ=='

export interface RequestChanges {
  readonly method?: string
  readonly target?: string
  readonly version?: string
  /** Replaces headers of these names in place; null leaves the header out. */
  readonly set?: Readonly<Record<string, string | null>>
  /** Appended after the ordinary headers, repetitions included. */
  readonly add?: Headers
  readonly lineEnd?: string
  /** Octets right behind the head. */
  readonly then?: string | Uint8Array
}

/** `{host}`, `{port}` and `{scheme}` in any text stand for those of the endpoint. */
export function request(changes: RequestChanges = {}): (endpoint: Endpoint) => Uint8Array {
  const { method = 'GET', target = '/echo', version = 'HTTP/1.1', lineEnd = '\r\n' } = changes
  const headers: [string, string][] = [
    ['Host', '{host}:{port}'],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', sampleKey],
    ['Sec-WebSocket-Version', '13'],
  ]
  const kept = headers.flatMap(([name, value]) => {
    const change = changes.set?.[name]
    return change === null ? [] : [`${name}: ${change ?? value}`]
  })
  const added = (changes.add ?? []).map(([name, value]) => `${name}: ${value}`)
  const head = [`${method} ${target} ${version}`, ...kept, ...added, '', ''].join(lineEnd)
  const { then = '' } = changes
  return (endpoint) => Buffer.concat([filled(head, endpoint), Buffer.from(then)])
}

/** A whole request as text, for what the builder cannot say; latin1, so that any octet can be written. */
export function rawRequest(text: string): (endpoint: Endpoint) => Uint8Array {
  return (endpoint) => filled(text, endpoint)
}

function filled(text: string, endpoint: Endpoint): Buffer {
  return Buffer.from(
    text
      .replaceAll('{host}', endpoint.host)
      .replaceAll('{port}', String(endpoint.port))
      .replaceAll('{scheme}', endpoint.transport === 'ws' ? 'http' : 'https'),
    'latin1',
  )
}

/** What Sec-WebSocket-Accept must be (RFC 6455 §4.2.2). */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

/** The lines of an ordinary upgrade request behind its first one, each with the given end. */
export function upgradeLines(end: string): string {
  return [
    'Host: {host}:{port}',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${sampleKey}`,
    'Sec-WebSocket-Version: 13',
    '',
    '',
  ].join(end)
}
