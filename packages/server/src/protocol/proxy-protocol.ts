// The header with which a proxy tells whose connection it passes on: PROXY protocol versions 1 (text) and 2
// (binary), as HAProxy's proxy-protocol.txt describes them. Knows nothing of sockets or of whom to believe.

import type { ErrorCode } from './errors.ts'
import { formatIpAddress, parseIpAddress } from './ip-address.ts'

/** proxy-protocol.txt §2.1: the longest line of version 1, CR LF included. */
export const MAX_V1_BYTES = 107
/** Longest header of version 2 taken, with its TLVs (they hold certificate names at most). */
export const MAX_V2_BYTES = 4_096

export interface ProxySource {
  /** In its canonical text. */
  readonly address: string
  readonly port: number
}

export interface ProxyHeader {
  /** null: the proxy speaks for itself (LOCAL), or does not know (UNKNOWN, UNSPEC, Unix sockets). */
  readonly source: ProxySource | null
  /** Where in the chunk given last the bytes begin that follow the header. */
  readonly rest: number
}

/** Reads one header, however it is cut up. Takes every byte once. */
export class ProxyHeaderParser {
  #bytes = new Uint8Array(MAX_V1_BYTES)
  #length = 0
  #signature: Uint8Array = V1_SIGNATURE
  /** Of the whole header; of version 2 known after its sixteenth byte. */
  #wanted = MAX_V1_BYTES

  /**
   * Takes the next bytes. null: more are needed. After a header or a code the parser is done. Nothing of `chunk`
   * is kept.
   */
  push(chunk: Uint8Array): ProxyHeader | ErrorCode | null {
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!
      if (this.#length === 0 && byte === V2_SIGNATURE[0]) this.#signature = V2_SIGNATURE
      this.#bytes[this.#length++] = byte
      const result = this.#signature === V1_SIGNATURE ? this.#checkV1(byte) : this.#checkV2(byte)
      if (typeof result === 'string') return result
      if (result !== undefined) return { source: result, rest: i + 1 }
    }
    return null
  }

  /** Looks at the byte that came last. undefined: more are needed. */
  #checkV1(byte: number): ProxySource | ErrorCode | null | undefined {
    const length = this.#length
    if (length <= V1_SIGNATURE.length) {
      return byte === V1_SIGNATURE[length - 1] ? undefined : 'ERR_PROXY_HEADER_MISSING'
    }
    const isAfterCr = this.#bytes[length - 2] === CR
    if (byte === LF && isAfterCr) return this.#readLine()
    if (isAfterCr || (byte !== CR && (byte < 0x20 || byte > 0x7e))) {
      return 'ERR_PROXY_HEADER_MALFORMED'
    }
    return length < MAX_V1_BYTES ? undefined : 'ERR_PROXY_HEADER_TOO_LONG'
  }

  #readLine(): ProxySource | ErrorCode | null {
    const line = String.fromCharCode(...this.#bytes.subarray(V1_SIGNATURE.length, this.#length - 2))
    const [family, ...fields] = line.split(' ')
    // §2.1: what follows UNKNOWN is ignored.
    if (family === 'UNKNOWN') return null
    const width = family === 'TCP4' ? 4 : family === 'TCP6' ? 16 : 0
    const [source, destination] = fields.slice(0, 2).map(parseIpAddress)
    const [port, destinationPort] = fields.slice(2).map(parsePort)
    const isWellFormed =
      fields.length === 4 &&
      source?.length === width &&
      destination?.length === width &&
      port !== undefined &&
      destinationPort !== undefined
    if (!isWellFormed || port === null || destinationPort === null) {
      return 'ERR_PROXY_HEADER_MALFORMED'
    }
    return { address: formatIpAddress(source), port }
  }

  #checkV2(byte: number): ProxySource | ErrorCode | null | undefined {
    const length = this.#length
    if (length <= V2_SIGNATURE.length) {
      return byte === V2_SIGNATURE[length - 1] ? undefined : 'ERR_PROXY_HEADER_MISSING'
    }
    if (length === 13 && byte !== Command.LOCAL && byte !== Command.PROXY) {
      return 'ERR_PROXY_HEADER_MALFORMED'
    }
    if (length < V2_FIXED_BYTES) return undefined
    if (length === V2_FIXED_BYTES) {
      const problem = this.#readFixed()
      if (problem !== null) return problem
    }
    return length < this.#wanted ? undefined : this.#readV2Source()
  }

  // §2.2: after signature and command come family with transport, and the length of all that follows.
  #readFixed(): ErrorCode | null {
    const bytes = this.#bytes
    this.#wanted = V2_FIXED_BYTES + ((bytes[14]! << 8) | bytes[15]!)
    if (this.#wanted > MAX_V2_BYTES) return 'ERR_PROXY_HEADER_TOO_LONG'
    // Of LOCAL even the family is ignored.
    if (bytes[12] === Command.PROXY) {
      const addressBytes = ADDRESS_BYTES[bytes[13]! >>> 4]
      const transport = bytes[13]! & 0x0f
      const isTooShort = this.#wanted < V2_FIXED_BYTES + (addressBytes ?? 0)
      if (addressBytes === undefined || transport > DATAGRAM || isTooShort) {
        return 'ERR_PROXY_HEADER_MALFORMED'
      }
    }
    if (this.#wanted > bytes.length) {
      this.#bytes = new Uint8Array(this.#wanted)
      this.#bytes.set(bytes)
    }
    return null
  }

  #readV2Source(): ProxySource | null {
    const bytes = this.#bytes
    const family = bytes[13]! >>> 4
    const transport = bytes[13]! & 0x0f
    if (bytes[12] === Command.LOCAL || transport === 0) return null
    // A proxy may pass on as TCP what came to it in datagrams (HTTP/3): the source is a source all the same.
    const width = family === Family.IPV4 ? 4 : family === Family.IPV6 ? 16 : 0
    if (width === 0) return null
    const source = bytes.subarray(V2_FIXED_BYTES, V2_FIXED_BYTES + width)
    const at = V2_FIXED_BYTES + 2 * width
    return { address: formatIpAddress(source), port: (bytes[at]! << 8) | bytes[at + 1]! }
  }
}

const CR = 0x0d
const LF = 0x0a

/** `PROXY ` */
const V1_SIGNATURE: Uint8Array = Uint8Array.of(0x50, 0x52, 0x4f, 0x58, 0x59, 0x20)

/** §2.2: chosen so that no other protocol takes it for its own beginning. */
const V2_SIGNATURE: Uint8Array = Uint8Array.from([
  0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a,
])
const V2_FIXED_BYTES = 16

/** The version, 2, is the upper half. */
const Command = { LOCAL: 0x20, PROXY: 0x21 } as const
const Family = { IPV4: 1, IPV6: 2 } as const
/** Transports: 0 unspecified, 1 stream, 2 datagram; more are reserved and refused. */
const DATAGRAM = 2
/** Both addresses and ports, by family: unspecified, IPv4, IPv6, Unix; more are reserved and refused. */
const ADDRESS_BYTES: readonly number[] = [0, 12, 36, 216]

function parsePort(text: string): number | null {
  if (!/^(0|[1-9]\d{0,4})$/.test(text)) return null
  const port = Number(text)
  return port <= 0xffff ? port : null
}
