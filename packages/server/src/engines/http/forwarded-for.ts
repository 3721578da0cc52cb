// Who sent a request, as X-Forwarded-For tells it: each proxy appends whom it heard, so that the list is read from
// its end, as far as it was written by somebody who is trusted.

import { canonicalIpAddress } from '../../protocol/ip-address.ts'

/**
 * The last address that is not itself trusted; the first of all where all are. null where the header is absent, or
 * malformed in the part that is read.
 */
export function forwardedAddress(
  header: string | undefined,
  isTrusted: (address: string) => boolean,
): string | null {
  if (header === undefined) return null
  let end = header.length
  let address: string | null = null
  // A walk from the end, not a split: what stands before the answer may be anything, of any length.
  do {
    const comma = header.lastIndexOf(',', end - 1)
    address = addressIn(header.slice(comma + 1, end).trim())
    if (address === null || !isTrusted(address)) return address
    end = comma
  } while (end > 0)
  // Nothing before a leading comma is malformed as well.
  return end === 0 ? null : address
}

/** Takes `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:80`. */
function addressIn(element: string): string | null {
  const [, bracketed, withPort] =
    /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(element) ?? []
  if (bracketed !== undefined && !bracketed.includes(':')) return null
  return canonicalIpAddress(bracketed ?? withPort ?? element)
}
