// What the threads of the pool tests run.
import { threadId } from 'node:worker_threads'
import { HoldlineError } from '../../../src/protocol/errors.ts'
import { moved } from '../../../src/models/queues/moved.ts'
import type { Moved } from '../../../src/models/queues/moved.ts'

export const notAFunction = 1

export function add(a: number, b: number): number {
  return a + b
}

export async function thread(): Promise<number> {
  await Promise.resolve()
  return threadId
}

/** Fills a buffer and gives it back. */
export function fill(bytes: Uint8Array<ArrayBuffer>, value: number): Uint8Array<ArrayBuffer> {
  return bytes.fill(value)
}

export function first(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, 1)
}

export function inObject(
  bytes: Uint8Array<ArrayBuffer>,
): Moved<{ bytes: Uint8Array; size: number }> {
  return moved({ bytes, size: bytes.length }, [bytes.buffer])
}

export function fail(kind: string): never {
  switch (kind) {
    case 'range':
      throw new RangeError('out of range', { cause: new Error('the cause') })
    case 'coded':
      throw Object.assign(new Error('coded'), { code: 'E_CODED' })
    case 'holdline':
      throw new HoldlineError('ERR_TOPIC_NAME', 'x')
    default:
      // oxlint-disable-next-line typescript/only-throw-error -- that is the case
      throw { kind }
  }
}

export function uncloneable(): unknown {
  return () => {}
}

export function exit(code: number): never {
  process.exit(code)
}

export async function failLater(): Promise<never> {
  setTimeout(() => {
    throw new Error('outside of the task')
  }, 1)
  return new Promise(() => {})
}

export function eatMemory(): number {
  const eaten: unknown[] = []
  for (;;) eaten.push(Array.from({ length: 10_000 }).fill(eaten.length))
}

/** Counts itself in, waits until the main thread lets it go on, counts itself out; gives how many were in. */
export function meet(shared: Int32Array, go: number): number {
  const count = Atomics.add(shared, 0, 1) + 1
  Atomics.store(shared, 1, Math.max(Atomics.load(shared, 1), count))
  while (Atomics.load(shared, 2) < go) Atomics.wait(shared, 2, Atomics.load(shared, 2), 50)
  Atomics.sub(shared, 0, 1)
  return count
}

/** Writes its number behind those of the tasks before it. */
export function sign(shared: Int32Array, number: number): void {
  Atomics.store(shared, 1 + Atomics.add(shared, 0, 1), number)
}

export function spin(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}
