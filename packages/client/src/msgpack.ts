// The entry `holdline-client/msgpack`: envelopes in MessagePack. Needs the package @msgpack/msgpack.

import { Decoder, Encoder } from '@msgpack/msgpack'
import type { EnvelopeCodec } from './envelope.ts'

const encoder = new Encoder({ ignoreUndefined: true })
const decoder = new Decoder()

/** `live(url, { encoding: msgpack })`: binary messages, in which bytes stay bytes. */
export const msgpack: EnvelopeCodec = {
  protocol: 'holdline.v1.msgpack',
  encode: (envelope) => encoder.encode(envelope),
  decode(data) {
    if (typeof data === 'string') throw new TypeError('text, where MessagePack is expected')
    return decoder.decode(data)
  },
}
