// The address of the other side of a socket, as text. Many lines come from few addresses: they share one string.

import { canonicalIpAddress } from '../../protocol/ip-address.ts'
import type { Native } from './ffi.ts'

const AF_INET = 2
const AF_INET6 = 10
const REMEMBERED = 1_024

export class PeerAddresses {
  readonly #native: Native
  readonly #known = new Map<number | string, string>()

  constructor(native: Native) {
    this.#native = native
  }

  /** '' where there is none: the line is gone. IPv4-mapped IPv6 is given as IPv4. */
  of(fd: number): string {
    const sockaddr = this.#native.peerName(fd)
    if (sockaddr === null) return ''
    const isShort = sockaddr.readUInt16LE(0) === AF_INET
    const name = isShort ? sockaddr.readUInt32BE(4) : sockaddr.toString('latin1', 8, 24)
    const known = this.#known.get(name)
    if (known !== undefined) return known
    if (this.#known.size === REMEMBERED) this.#known.clear()
    const text = addressText(sockaddr)
    this.#known.set(name, text)
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
