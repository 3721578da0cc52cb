// Requests and responses as text. What is judged here comes from a parser of HTTP, so the heads are taken
// apart in the plainest way, keeping more oddities than such a parser would.
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { checkUpgradeResponse } from '../../../src/protocol/client-handshake.ts'
import { errorCatalogue, HoldlineError, type ErrorCode } from '../../../src/protocol/errors.ts'
import {
  acceptKey,
  checkUpgradeRequest,
  refusalResponse,
  upgradeResponse,
  type ExtraHeaders,
} from '../../../src/protocol/handshake.ts'
import type { FuzzTarget } from '../fuzz-target.ts'

const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const request = [
  'GET /chat HTTP/1.1',
  'Host: server.example.com',
  'Upgrade: websocket',
  'Connection: keep-alive, Upgrade',
  `Sec-WebSocket-Key: ${key}`,
  'Sec-WebSocket-Version: 13',
]
const response = [
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: websocket',
  'Connection: Upgrade',
  `Sec-WebSocket-Accept: ${acceptKey(key)}`,
]

const seeds = [
  request,
  [...request, 'Origin: http://example.com', 'Sec-WebSocket-Protocol: chat, superchat'],
  [...request, 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'],
  [...request, 'Content-Length: 1000000000'],
  [...request, 'Transfer-Encoding: chunked', 'Content-Length: 0'],
  [...request, 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', '__proto__: 1', 'constructor: 2'],
  ['POST / HTTP/1.0', ...request.slice(1)],
  [...request.slice(0, 5), 'Sec-WebSocket-Version: 12'],
  response,
  [...response, 'Sec-WebSocket-Protocol: chat', 'Sec-WebSocket-Extensions: permessage-deflate'],
].map((lines) => Uint8Array.from(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')))

export const target: FuzzTarget = {
  name: 'handshake',
  seeds,
  run(input) {
    const text = Buffer.from(input.buffer, input.byteOffset, input.length).toString('latin1')
    const lines = text.split('\r\n')
    const [method = '', , version = ''] = (lines[0] ?? '').split(' ')
    const headers = headersOf(lines.slice(1))
    const refused = checkRequest(method, version.replace('HTTP/', ''), headers)
    const failed = checkResponse(Number(lines[0]?.split(' ')[1]), headers)
    checkInjection(text, headers)
    if (refused !== null && failed !== null) throw new HoldlineError(refused)
  },
}

function headersOf(lines: readonly string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.create(null)
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon === -1) continue
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    const before = headers[name]
    headers[name] = before === undefined ? value : [before, value].flat()
  }
  return headers
}

function checkRequest(
  method: string,
  httpVersion: string,
  headers: Record<string, string | string[]>,
): ErrorCode | null {
  const code = checkUpgradeRequest({ method, httpVersion, headers })
  if (code !== null) {
    assert.ok(errorCatalogue[code].status !== undefined)
    checkHead(refusalResponse(undefined, code), errorCatalogue[code].status)
    return code
  }
  assert.equal(method, 'GET')
  assert.equal(headers['transfer-encoding'], undefined)
  assert.equal([headers['content-length'] ?? '0'].flat().join(), '0')
  const given = [headers['sec-websocket-key']].flat()[0] ?? ''
  assert.equal(Buffer.from(given, 'base64').length, 16)
  checkHead(upgradeResponse({ key: given }), 101)
  return null
}

function checkResponse(
  status: number,
  headers: Record<string, string | string[]>,
): ErrorCode | null {
  const subprotocols = ['chat', 'superchat']
  const answer = { status, headers, key, subprotocols, offeredExtensions: false }
  const code = checkUpgradeResponse(answer)
  if (code !== null) return code
  assert.equal(status, 101)
  assert.equal([headers['sec-websocket-accept']].flat().join(), acceptKey(key))
  assert.equal(headers['sec-websocket-extensions'], undefined)
  return null
}

/** Whatever a program passes on, either it is refused or it stays in its own line. */
function checkInjection(text: string, headers: ExtraHeaders): void {
  for (const [name, value] of [...Object.entries(headers), ['X-Any', text] as const]) {
    for (const extra of [
      { headers: { [name]: value } },
      { subprotocol: text },
      { extensions: text },
    ]) {
      try {
        const lines = checkHead(upgradeResponse({ key, ...extra }), 101)
        const added = 'headers' in extra ? [value].flat().length : 1
        assert.equal(lines.length, 4 + added)
      } catch (error) {
        if (!(error instanceof HoldlineError) || error.code !== 'ERR_HEADER_INVALID') throw error
      }
    }
  }
}

/** The lines of a head that ends where it should and has nothing but CR LF between them. */
function checkHead(text: string, status: number | undefined): string[] {
  const end = text.indexOf('\r\n\r\n')
  const head = text.slice(0, end)
  const body = text.slice(end + 4)
  const lines = head.split('\r\n')
  assert.ok(text.startsWith(`HTTP/1.1 ${status} `))
  assert.ok(
    lines.every((line) => !line.includes('\r') && !line.includes('\n') && !line.includes('\0')),
  )
  assert.ok(lines.slice(1).every((line) => line.indexOf(': ') > 0))
  if (status === 101) assert.equal(body, '')
  else assert.ok(lines.includes(`Content-Length: ${Buffer.byteLength(body, 'latin1')}`))
  return lines
}
