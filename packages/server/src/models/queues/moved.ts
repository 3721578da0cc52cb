// Which buffers of a result change threads instead of being copied.

/** A result with the buffers in it that are moved. */
export class Moved<T> {
  readonly value: T
  readonly buffers: readonly ArrayBuffer[]

  constructor(value: T, buffers: readonly ArrayBuffer[]) {
    this.value = value
    this.buffers = buffers
  }
}

/**
 * For tasks that return buffers within an object: those named here are moved to the caller, not copied. (A result
 * that is itself a buffer, or a view of a whole one, is moved without this.)
 */
export function moved<T>(value: T, buffers: readonly ArrayBuffer[]): Moved<T> {
  return new Moved(value, buffers)
}

/** The buffer of a result that is nothing else. */
export function buffersOf(result: unknown): readonly ArrayBuffer[] {
  if (result instanceof ArrayBuffer) return [result]
  if (!ArrayBuffer.isView(result)) return []
  const { buffer } = result
  // Part of a buffer: the rest of it is not ours to take along.
  return buffer instanceof ArrayBuffer && buffer.byteLength === result.byteLength ? [buffer] : []
}
