// A list of addresses and ranges whose word is taken about who stands behind them.

import { BlockList } from 'node:net'
import { HoldlineError } from '../../protocol/errors.ts'
import { formatIpAddress, parseIpAddress } from '../../protocol/ip-address.ts'

/** The entry that stands for everybody who connects over a Unix socket. */
const UNIX = 'unix'

export class TrustedAddresses {
  /** Whether whoever connects over a Unix socket is trusted. */
  readonly trustsUnix: boolean
  readonly isEmpty: boolean
  readonly #list = new BlockList()

  /**
   * Takes addresses, CIDR ranges, and `'unix'`.
   *
   * @throws HoldlineError ERR_OPTION_INVALID, which names every bad entry
   */
  constructor(entries: readonly string[]) {
    if (!Array.isArray(entries)) {
      throw new HoldlineError('ERR_OPTION_INVALID', 'proxy.trusted is no list of addresses')
    }
    const bad = entries.filter((entry) => entry !== UNIX && !this.#add(entry))
    if (bad.length > 0) {
      const names = bad.map((entry) => JSON.stringify(entry) ?? String(entry)).join(', ')
      throw new HoldlineError(
        'ERR_OPTION_INVALID',
        `proxy.trusted: ${names} is no IP address, no range such as 10.0.0.0/8, and not 'unix'`,
      )
    }
    this.isEmpty = entries.length === 0
    this.trustsUnix = entries.includes(UNIX)
  }

  /** `address` as node:net or a header gives it. IPv4 and IPv4-mapped IPv6 are the same; a zone is ignored. */
  has(address: string): boolean {
    const bytes = parseIpAddress(withoutZone(address))
    if (bytes === null) return false
    const text = formatIpAddress(bytes)
    return this.#list.check(text, text.includes(':') ? 'ipv6' : 'ipv4')
  }

  #add(entry: unknown): boolean {
    if (typeof entry !== 'string') return false
    const [, address, prefix] = /^([^/]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(entry) ?? []
    const bytes = address === undefined ? null : parseIpAddress(address)
    if (bytes === null) return false
    const width = bytes.length * 8
    const bits = prefix === undefined ? width : Number(prefix)
    if (bits > width) return false
    this.#list.addSubnet(address!, bits, width === 32 ? 'ipv4' : 'ipv6')
    return true
  }
}

/** `fe80::1%eth0` is fe80::1 as it is seen on one interface (RFC 4007 §11). */
export function withoutZone(address: string): string {
  const percent = address.indexOf('%')
  return percent < 0 ? address : address.slice(0, percent)
}
