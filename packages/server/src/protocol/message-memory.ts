// Memory that messages were put together in, kept for the next ones: fresh memory costs a page fault every 4 KiB,
// more than all else that is done to a large message.

/** Smaller memory comes from the allocator's own stock. */
const KEPT_FROM_BYTES = 16_384
const KEPT_UP_TO_BYTES = 4 * 1_048_576
/** The most that is kept, until `trimMessageMemory`. */
const KEPT_BYTES = 16 * 1_048_576

/** By the binary logarithm of their size, rounded down. */
const kept: Buffer[][] = Array.from({ length: 32 }, () => [])
let keptBytes = 0

/** Memory for `bytes` bytes that this process has already, for less than four times as much; null for none. */
export function takeMessageMemory(bytes: number): Buffer | null {
  if (bytes < KEPT_FROM_BYTES || bytes > KEPT_UP_TO_BYTES || keptBytes === 0) return null
  const size = 31 - Math.clz32(bytes)
  const memory = popLongEnough(kept[size]!, bytes) ?? popLongEnough(kept[size + 1]!, bytes)
  if (memory === undefined) return null
  keptBytes -= memory.length
  return memory
}

/** Only the last one is looked at: messages of one length mostly come one behind the other. */
function popLongEnough(stack: Buffer[], bytes: number): Buffer | undefined {
  const last = stack.at(-1)
  return last !== undefined && last.length >= bytes ? stack.pop() : undefined
}

/** Takes memory that nobody uses any more. */
export function giveMessageMemory(memory: Buffer): void {
  const bytes = memory.length
  if (bytes < KEPT_FROM_BYTES || bytes > KEPT_UP_TO_BYTES || keptBytes + bytes > KEPT_BYTES) return
  keptBytes += bytes
  kept[31 - Math.clz32(bytes)]!.push(memory)
}

/** Gives the memory of a burst back. */
export function trimMessageMemory(): void {
  for (const stack of kept) {
    // At once; left to the collector, it would stay until the next burst.
    for (const { buffer, length } of stack) {
      // A handler that kept its view may have transferred it meanwhile.
      if (length > 0) (buffer as ArrayBuffer).transfer(0)
    }
    stack.length = 0
  }
  keptBytes = 0
}
