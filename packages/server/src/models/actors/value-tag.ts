// How values are told apart in the bytes between workers. Workers of one machine run one version at a time, or, while
// they are replaced, two: a tag keeps its number.

export const Tag = {
  UNDEFINED: 0,
  NULL: 1,
  TRUE: 2,
  FALSE: 3,
  /** A whole number from 0 to 2^31 - 1. */
  COUNT: 4,
  NUMBER: 5,
  TEXT: 6,
  BIGINT: 7,
  LIST: 8,
  RECORD: 9,
  MAP: 10,
  SET: 11,
  DATE: 12,
  ERROR: 13,
  VIEW: 14,
  BUFFER: 15,
  /** A reference: worker, actor, name of its class. */
  REF: 16,
  /** A reference by class and key. */
  KEYED_REF: 17,
  /** A class of actors. */
  CLASS: 18,
} as const

/** Kinds of views on bytes; their index is written. */
export const viewKinds = [
  'Uint8Array',
  'Buffer',
  'Int8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'DataView',
] as const
