// The address of the other side of a socket, as text. Many lines come from few addresses: they share one string.

import { canonicalIpAddress } from '../../protocol/ip-address.ts'
import type { Native } from './ffi.ts'

const AF_INET = 2
const AF_INET6 = 10
const REMEMBERED = 1_024

export class PeerAddresses {
  readonly #native: Native
  readonly #sockaddr: Buffer = Buffer.allocUnsafeSlow(128)
  readonly #length: Int32Array = new Int32Array(32)
  readonly #known = new Map<string, string>()

  constructor(native: Native) {
    this.#native = native
  }

  /** '' where there is none: the line is gone. IPv4-mapped IPv6 is given as IPv4. */
  of(fd: number): string {
    if (this.#native.peerName(fd, this.#sockaddr, this.#length) < 0) return ''
    const text = addressText(this.#sockaddr)
    const known = this.#known.get(text)
    if (known !== undefined) return known
    if (this.#known.size === REMEMBERED) this.#known.clear()
    this.#known.set(text, text)
    return text
  }
}

/** Of a `sockaddr_in` or `sockaddr_in6` (bytes 4–7, or 8–23). */
function addressText(sockaddr: Buffer): string {
  const family = sockaddr.readUInt16LE(0)
  if (family === AF_INET) return `${sockaddr[4]}.${sockaddr[5]}.${sockaddr[6]}.${sockaddr[7]}`
  if (family !== AF_INET6) return ''
  const groups: string[] = []
  for (let at = 8; at < 24; at += 2) groups.push(sockaddr.readUInt16BE(at).toString(16))
  const text = groups.join(':')
  return canonicalIpAddress(text) ?? text
}
