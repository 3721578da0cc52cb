// permessage-deflate of one connection: what was agreed, and the codecs for it.

import { Deflater, Inflater } from '../protocol/deflate.ts'
import type { DeflateOptions } from '../protocol/deflate-parameters.ts'
import { defaultThresholdBytes, negotiateDeflate } from '../protocol/deflate-parameters.ts'
import type { MessageDeflater } from '../connection/outgoing.ts'
import type { MessageInflater } from '../protocol/parser.ts'

export interface DeflateAgreement {
  readonly responseHeader: string
  readonly inflater: MessageInflater
  readonly deflater: MessageDeflater
}

/** null: nothing that both sides can do was offered; the connection is uncompressed. */
export function agreeOnDeflate(
  offers: string | undefined,
  options: DeflateOptions,
): DeflateAgreement | null {
  const agreed = negotiateDeflate(offers, options)
  if (agreed === null) return null
  const { parameters, responseHeader } = agreed
  const inflater = new Inflater({
    windowBits: parameters.clientMaxWindowBits,
    noContextTakeover: parameters.clientNoContextTakeover,
  })
  const deflater = new Deflater({
    windowBits: parameters.serverMaxWindowBits,
    noContextTakeover: parameters.serverNoContextTakeover,
    level: options.level,
    memLevel: options.memLevel,
  })
  const thresholdBytes = options.thresholdBytes ?? defaultThresholdBytes
  return {
    responseHeader,
    inflater,
    // Short messages go as they are: compressing them costs more than it saves.
    deflater: {
      deflate: (bytes) => (bytes.length < thresholdBytes ? null : deflater.deflate(bytes)),
    },
  }
}
