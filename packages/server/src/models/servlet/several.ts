// Which answers of a handler are several replies: anything asynchronously iterable, and synchronous iterators such
// as those of generators. Strings, bytes and arrays can be iterated over too, and are one reply.

export type ReplyIterator = Iterator<unknown> | AsyncIterator<unknown>

/** The iterator of an answer that is several replies; null for one reply. */
export function iteratorOf(answer: unknown): ReplyIterator | null {
  if (typeof answer !== 'object' || answer === null) return null
  const several = answer as Partial<AsyncIterable<unknown> & IterableIterator<unknown>>
  if (typeof several[Symbol.asyncIterator] === 'function') return several[Symbol.asyncIterator]!()
  if (typeof several.next !== 'function') return null
  return typeof several[Symbol.iterator] === 'function' ? several[Symbol.iterator]!() : null
}

const declaredLater: ReadonlySet<unknown> = new Set([
  (async () => {}).constructor,
  async function* () {}.constructor,
  function* () {}.constructor,
])

/** Whether the body of a function goes on after it has returned: it is `async`, or a generator. */
export function goesOn(f: { readonly constructor: unknown }): boolean {
  return declaredLater.has(f.constructor)
}
