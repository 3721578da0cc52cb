// `struct sockaddr` as bytes: what the kernel takes and gives for an address (ip(7), ipv6(7), unix(7)).

import { formatIpAddress, parseIpAddress } from '../../protocol/ip-address.ts'
import type { LineAddress } from './address.ts'

export const AF_UNIX = 1
export const AF_INET = 2
export const AF_INET6 = 10

export function familyOf(address: LineAddress): number {
  if ('path' in address) return AF_UNIX
  return address.host.includes(':') ? AF_INET6 : AF_INET
}

/** The family is in the machine's byte order, which is little-endian everywhere Node runs on Linux but s390x. */
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** In memory of its own. */
export function encodeAddress(address: LineAddress): Uint8Array {
  if ('path' in address) {
    const path = Buffer.from(address.path, 'utf8')
    const bytes = new Uint8Array(2 + path.length + 1)
    writeFamily(bytes, AF_UNIX)
    bytes.set(path, 2)
    return bytes
  }
  const ip = parseIpAddress(address.host)!
  const isIpv6 = ip.length === 16
  const bytes = new Uint8Array(isIpv6 ? 28 : 16)
  writeFamily(bytes, isIpv6 ? AF_INET6 : AF_INET)
  bytes[2] = address.port >>> 8
  bytes[3] = address.port
  bytes.set(ip, isIpv6 ? 8 : 4)
  return bytes
}

/** Of `length` bytes; an address of a family that the loop does not know is an empty path. */
export function decodeAddress(bytes: Uint8Array, length: number): LineAddress {
  const family = length < 2 ? 0 : isLittleEndian ? bytes[0]! : bytes[1]!
  if (family === AF_INET || family === AF_INET6) {
    const ip = family === AF_INET ? bytes.subarray(4, 8) : bytes.subarray(8, 24)
    return { host: formatIpAddress(ip), port: (bytes[2]! << 8) | bytes[3]! }
  }
  if (family !== AF_UNIX) return { path: '' }
  const end = bytes.indexOf(0, 2)
  const path = bytes.subarray(2, end < 0 ? length : Math.min(end, length))
  return { path: Buffer.from(path).toString('utf8') }
}

function writeFamily(bytes: Uint8Array, family: number): void {
  bytes[isLittleEndian ? 0 : 1] = family
}
