// What a session and its connection say to one another, as kinds of parcels, and how an end and an error are written.

/** From the loop to the thread: MESSAGE and END. The other way: all but END. */
export const ParcelKind = {
  MESSAGE: 1,
  /** The connection ended, behind all of its messages: `formatEnd`. */
  END: 2,
  /** Begin the close handshake: `formatEnd`; '' without a code. */
  CLOSE: 3,
  SUBSCRIBE: 4,
  UNSUBSCRIBE: 5,
  /** The topic of the PUBLISH behind it. */
  TOPIC: 6,
  PUBLISH: 7,
  /** The handler returned: the thread is free. */
  DONE: 8,
  /** The handler threw: the thread is free too. `formatError`. */
  FAILED: 9,
} as const

export function formatEnd(code: number | undefined, reason: string): string {
  return code === undefined ? '' : `${code} ${reason}`
}

export function parseEnd(text: string): { code: number | undefined; reason: string } {
  if (text === '') return { code: undefined, reason: '' }
  const space = text.indexOf(' ')
  return { code: Number(text.slice(0, space)), reason: text.slice(space + 1) }
}

interface WrittenError {
  readonly name: string
  readonly message: string
  readonly stack?: string | undefined
  readonly code?: string | undefined
  readonly cause?: WrittenError | undefined
}

/** Causes of causes beyond this are left out: they may run in a circle. */
const MAX_CAUSES = 4

/** What was thrown, for another thread. Never throws, whatever it was. */
export function formatError(thrown: unknown): string {
  try {
    return JSON.stringify(written(thrown, 0))
  } catch {
    return JSON.stringify({ name: 'Error', message: 'a value was thrown that cannot be described' })
  }
}

function written(thrown: unknown, depth: number): WrittenError {
  if (!(thrown instanceof Error)) {
    return { name: 'Error', message: `${String(thrown)} was thrown, which is no Error` }
  }
  const { code } = thrown as { code?: unknown }
  return {
    name: String(thrown.name),
    message: String(thrown.message),
    stack: typeof thrown.stack === 'string' ? thrown.stack : undefined,
    code: typeof code === 'string' ? code : undefined,
    cause:
      thrown.cause === undefined || depth === MAX_CAUSES
        ? undefined
        : written(thrown.cause, depth + 1),
  }
}

/** An error with the name, message, stack, code and cause of the one that was written. */
export function parseError(text: string): Error {
  return read(JSON.parse(text) as WrittenError)
}

function read({ name, message, stack, code, cause }: WrittenError): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause: read(cause) })
  const own = { name, stack, ...(code !== undefined && { code }) }
  for (const [key, value] of Object.entries(own)) {
    Object.defineProperty(error, key, { value, writable: true, configurable: true })
  }
  return error
}
