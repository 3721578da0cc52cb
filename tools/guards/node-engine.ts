// The guards of the HTTP side that engines on sockets share: who waits how long, and whose word is believed.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const http = 'packages/server/src/engines/http'
const httpTests = 'packages/server/test/engines/http'
const contract = ['packages/server/test/engines/contract.test.ts']

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${http}/upgrade-gate.ts`,
    contract,
    [
      [
        'a judgement may take for ever',
        "endWithResponse(socket, refusalResponse(503, 'ERR_UPGRADE_TIMEOUT'))",
      ],
      [
        'who was accepted too late is counted for ever',
        'else if (settled.accepted) settled.abandon()',
      ],
    ],
    'not judged within handshakeMs',
  ),
  ...guardsOf(
    `${http}/upgrade-gate.ts`,
    contract,
    [
      [
        'a line that went before its answer is opened',
        'else if (isOpen(socket)) this.#adopt',
        'else if (socket) this.#adopt',
      ],
    ],
    'whose line goes first is abandoned',
  ),
  ...guardsOf(
    `${http}/proxy-front.ts`,
    [`${httpTests}/proxy-front.test.ts`],
    [
      [
        'anybody may write X-Forwarded-For',
        'if (!this.#takesForwardedFor || !this.#trusts(peer)) return peer',
        'if (!this.#takesForwardedFor) return peer',
      ],
      [
        'X-Forwarded-For is believed where nobody asked for it',
        'if (!this.#takesForwardedFor || !this.#trusts(peer)) return peer',
        'if (!this.#trusts(peer)) return peer',
      ],
      [
        'anybody may send a PROXY header',
        'if (!this.#trusts(peer)) {',
        'if (peer === undefined) {',
      ],
      [
        'PROXY headers are asked for with nobody trusted',
        'if (proxyProtocol && this.#trusted.isEmpty) {',
        'if (proxyProtocol === undefined) {',
      ],
      [
        'a line with a bad PROXY header is served',
        "} else if (typeof result === 'string') {\n        socket.destroy()",
        "} else if (typeof result === 'string') {",
      ],
    ],
  ),
  ...guardsOf(
    `${http}/forwarded-for.ts`,
    [`${httpTests}/forwarded-for.test.ts`],
    [
      [
        'what a client wrote itself is believed',
        'if (address === null || !isTrusted(address)) return address',
        'if (address === null) return address',
      ],
      [
        'brackets may hold what is no IPv6 address',
        "if (bracketed !== undefined && !bracketed.includes(':')) return null",
      ],
    ],
  ),
  ...guardsOf(
    `${http}/trusted-addresses.ts`,
    [`${httpTests}/trusted-addresses.test.ts`],
    [
      [
        'a misspelt address is trusted by nobody, and nobody hears of it',
        'if (bad.length > 0) {',
        'if (bad.length < 0) {',
      ],
      [
        'a range may have more bits than an address',
        'if (bits > width) return false',
        'if (bits > width) return true',
      ],
    ],
  ),
  ...guardsOf(
    'packages/server/src/protocol/proxy-protocol.ts',
    ['packages/server/test/protocol/proxy-protocol.test.ts'],
    [
      [
        'a line of text is read without end',
        "return length < MAX_V1_BYTES ? undefined : 'ERR_PROXY_HEADER_TOO_LONG'",
        'return undefined',
      ],
      [
        'what is no PROXY header is taken for one (version 1)',
        "return byte === V1_SIGNATURE[length - 1] ? undefined : 'ERR_PROXY_HEADER_MISSING'",
        'return undefined',
      ],
      [
        'what is no PROXY header is taken for one (version 2)',
        "return byte === V2_SIGNATURE[length - 1] ? undefined : 'ERR_PROXY_HEADER_MISSING'",
        'return undefined',
      ],
      [
        'a line of text may hold control characters',
        'if (isAfterCr || (byte !== CR && (byte < 0x20 || byte > 0x7e))) {',
        'if (isAfterCr) {',
      ],
      [
        'an address may be of the other family',
        'source?.length === width &&',
        'source !== undefined &&',
      ],
      ['fields may follow the last', 'fields.length === 4 &&'],
      ['a port may be beyond 65535', 'return port <= 0xffff ? port : null', 'return port'],
      [
        'an unknown command is obeyed',
        'if (length === 13 && byte !== Command.LOCAL && byte !== Command.PROXY) {',
        'if (length < 0) {',
      ],
      [
        'a header may declare any length',
        "if (this.#wanted > MAX_V2_BYTES) return 'ERR_PROXY_HEADER_TOO_LONG'",
      ],
      [
        'addresses are read from beyond the header',
        'const isTooShort = this.#wanted < V2_FIXED_BYTES + (addressBytes ?? 0)',
        'const isTooShort = false',
      ],
      ['reserved transports pass', 'transport > DATAGRAM || '],
      ['a health check has the address of whoever asks', 'bytes[12] === Command.LOCAL || '],
    ],
  ),
]
