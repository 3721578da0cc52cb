// How the messages of these examples look on the wire: as they are, or, where requests have ids, in envelopes.

export interface Wire {
  write(message: unknown): string
  /** Undefined where nothing is said to the program: a request is done. */
  read(text: string): unknown
}

export const plainWire: Wire = { write: JSON.stringify, read: JSON.parse }

/** For servlets that answer several requests at once (docs/guide/servlet.md). */
export function wireWithIds(): Wire {
  let id = 0
  return {
    write: (data) => JSON.stringify({ id: (id += 1), data }),
    read: (text) => {
      const reply = JSON.parse(text) as { readonly data?: unknown; readonly error?: unknown }
      return reply.error === undefined ? reply.data : { error: reply.error }
    },
  }
}
