// The client's half of permessage-deflate (RFC 7692 §7.2.1) made with zlib, and payloads that inflate without end.

import { constants, deflateRawSync } from 'node:zlib'
import { bytesOf, concatAll, hex, type Payload } from './frame-codec.ts'

interface DeflateSettings {
  readonly dictionary?: Payload
  readonly level?: number
  readonly windowBits?: number
}

/** RFC 7692 §7.2.1. A dictionary stands for the messages before it: context takeover. */
export function deflate(payload: Payload, settings: DeflateSettings = {}): Uint8Array {
  const { dictionary, level = 6, windowBits = 15 } = settings
  const out = deflateRawSync(bytesOf(payload), {
    level,
    windowBits,
    finishFlush: constants.Z_SYNC_FLUSH,
    ...(dictionary === undefined ? {} : { dictionary: bytesOf(dictionary) }),
  })
  return out.subarray(0, -4)
}

/** Zeros that inflate to `count * blockMiB` MiB: one block again and again. */
export function bomb(count: number, blockMiB = 1): Uint8Array {
  const block = deflateRawSync(new Uint8Array(blockMiB * 1_048_576), {
    level: 9,
    finishFlush: constants.Z_FULL_FLUSH,
  })
  return concatAll(Array.from({ length: count }, () => block))
}

/** "Hello", as in the examples of RFC 7692 §7.2.3. */
export const hello = hex('f2 48 cd c9 c9 07 00')
