// What the chat's two sides say to each other, and the bounds of every field. The page imports the types only.

import { z } from 'zod'

/** Bounds that the page shows and the server enforces, in characters. */
export const chatBounds = {
  nameLength: 32,
  roomLength: 40,
  textLength: 2000,
} as const

// Controls, and the marks that turn or hide text: with them one name can be made to look like another.
const unseen = /[\p{Cc}\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/u

const name = z
  .string('Give your name as text')
  .transform((value) => value.normalize('NFC').trim().replace(/\s+/gu, ' '))
  .pipe(
    z
      .string()
      .min(1, 'Choose a name')
      .max(chatBounds.nameLength, `A name has at most ${chatBounds.nameLength} characters`)
      .refine((value) => !unseen.test(value), 'A name has no invisible characters')
      .refine((value) => /[\p{L}\p{N}\p{P}\p{S}]/u.test(value), 'A name has something to read'),
  )

const room = z
  .string('Give the room as text')
  .transform((value) => value.normalize('NFC').trim().toLowerCase())
  .pipe(
    z
      .string()
      .min(1, 'Choose a room')
      .max(chatBounds.roomLength, `A room has at most ${chatBounds.roomLength} characters`)
      .regex(
        /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]*$/u,
        'A room is named with letters, digits, - and _, and begins with a letter or digit',
      ),
  )

const text = z
  .string('Give the message as text')
  .max(chatBounds.textLength, `A message has at most ${chatBounds.textLength} characters`)
  .refine((value) => value.trim() !== '', 'A message has something in it')

/** Made by the page for each message, so that one which is sent again after a reconnect is known. */
const messageId = z.string().regex(/^[\w-]{1,40}$/, 'An id has 1 to 40 of A–Z, a–z, 0–9, _ and -')

/** A secret of the page: whoever has it is the same person after a reconnect. */
const key = z.string().regex(/^[\w-]{16,64}$/, 'A key has 16 to 64 of A–Z, a–z, 0–9, _ and -')

/** Rises with each joining, so that of two the later is known. */
const seat = z.int().min(0)

const author = z.object({ id: z.string(), name: z.string() })

/** Someone who is here. */
const person = z.object({ id: z.string(), name: z.string(), seat: z.number() })

const said = z.object({
  type: z.literal('said'),
  id: z.string(),
  from: author,
  text: z.string(),
  /** When the server took it, in milliseconds since 1970. */
  at: z.number(),
})

/** From the page to the server. */
export const chatIn = z.discriminatedUnion('type', [
  z.object({ type: z.literal('join'), room, name, key, seat }),
  z.object({ type: z.literal('say'), id: messageId, text }),
])

/** From the server to the page. */
export const chatOut = z.discriminatedUnion('type', [
  // Who is here and what was said, on joining; again when a worker learns more. What was heard meanwhile still holds.
  z.object({
    type: z.literal('welcome'),
    room: z.string(),
    you: person,
    people: z.array(person),
    recent: z.array(said),
  }),
  // `by` is the worker that speaks; other workers read these words too.
  z.object({ type: z.literal('joined'), person, by: z.number() }),
  z.object({ type: z.literal('left'), id: z.string(), seat: z.number(), by: z.number() }),
  z.object({ type: z.literal('renamed'), person, by: z.number() }),
  said,
  z.object({ type: z.literal('refused'), message: z.string() }),
])

export type ChatIn = z.infer<typeof chatIn>
export type ChatOut = z.infer<typeof chatOut>
export type Author = z.infer<typeof author>
export type Person = z.infer<typeof person>
export type Said = z.infer<typeof said>
