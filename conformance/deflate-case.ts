// What the cases of permessage-deflate have in common: the route, the offer, the mark of a compressed frame.

import type { Case, Headers, Step } from './script.ts'

export const path = '/deflate'

export const offer = (parameters = ''): Headers => [
  ['Sec-WebSocket-Extensions', `permessage-deflate${parameters}`],
]

export const headers: Headers = offer()

/** RSV1 (RFC 7692 §6). */
export const compressed = { rsv: 4 }

export function octets(name: string, steps: readonly Step[], offered: Headers = headers): Case {
  return { name: `RFC 7692 ${name}`, path, headers: offered, steps }
}
