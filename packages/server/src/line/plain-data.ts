// What may be published over a line: the values that JSON and MessagePack have in common, bounded in depth.

/** How deep lists and objects may lie in one another. */
export const MAX_DEPTH = 64

/**
 * Whether `value` is made of JSON's values alone, finite, without `__proto__`, at most `depth` deep. Half of a surrogate
 * pair has no UTF-8: who got it in MessagePack could not read the message.
 */
export function isPlainData(value: unknown, depth: number = MAX_DEPTH): boolean {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed()
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value)
    case 'object':
      break
    default:
      return false
  }
  if (value === null) return true
  if (depth === 0) return false
  if (Array.isArray(value)) {
    for (const item of value) if (!isPlainData(item, depth - 1)) return false
    return true
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  for (const name of Object.keys(value)) {
    // Harmless to whoever reads it as it is; not to whoever copies it into another object.
    if (name === '__proto__' || !name.isWellFormed()) return false
    if (!isPlainData((value as Record<string, unknown>)[name], depth - 1)) return false
  }
  return true
}
