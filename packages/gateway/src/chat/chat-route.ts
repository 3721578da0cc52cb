// The chat as the gateway serves it: rooms are topics with history on a line. What a page says of itself is checked
// here, and what it says in a room is signed here; everything else is the line's.

import { createHash } from 'node:crypto'
import type { Route, ServeOptions } from 'holdline'
import { line } from 'holdline/line'
import type { LineOptions } from 'holdline/line'
import {
  chatBounds,
  draftOf,
  identityOf,
  isRoomTopic,
  nameProblem,
  personOf,
  tidyName,
} from './chat-words.ts'
import type { Said } from './chat-words.ts'
import { Rooms } from './rooms.ts'

const keptMs = 3_600_000

/** What was said stays for an hour, for whoever joins or comes back. Who reads slowly catches up from it. */
export const chatTopics: NonNullable<ServeOptions['topics']> = {
  'chat.*': {
    history: { count: chatBounds.keptCount, bytes: 131_072, ageMs: keptMs },
    overflow: 'replay',
  },
}

/** Who comes back this soon was never away. */
export const chatPresence: NonNullable<ServeOptions['presence']> = { graceMs: 2_000 }

/** `now` gives milliseconds since 1970. */
export function chatRoute(now: () => number = Date.now): Route {
  // With what each keeps, they take at most 128 MiB for each worker.
  const rooms = new Rooms(1_000, keptMs)
  const options: LineOptions = {
    limits: {
      messageBytes: 16_384,
      messagesPerSecond: 50,
      bytesPerSecond: 131_072,
      connections: 20_000,
      connectionsPerAddress: 1_000,
    },
    maxSubscriptions: 4,
    publishesPerSecond: 20,
    identify: ({ token }) => identify(token),
    authorize: ({ topic }) => isRoomTopic(topic) && rooms.admits(topic, now()),
    review({ message, identity }) {
      const draft = typeof message === 'string' ? draftOf(JSON.parse(message)) : null
      if (draft === null || identity === null) return null
      const said: Said = { ...draft, from: personOf(identity.id), at: now() }
      return JSON.stringify(said)
    },
  }
  return line(options)
}

/** Whose token it is: a key with a name. Only the hash of the key is told to others. */
function identify(token: string): { readonly id: string } | null {
  const [, key, name] = /^([\w-]{16,64}) (.*)$/su.exec(token) ?? []
  if (key === undefined || name === undefined) return null
  if (name !== tidyName(name) || nameProblem(name) !== null) return null
  const hash = createHash('sha256').update(key).digest('base64url').slice(0, 16)
  return { id: identityOf({ hash, name }) }
}
