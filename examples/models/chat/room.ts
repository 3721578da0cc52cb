// What a chat room and its members say to each other, and who is in the room. Shared by the seven rooms of this
// folder; pure: it sends nothing and knows no model.
import { contract, type In, type Out } from 'holdline'
import { z } from 'zod'

export const chatBounds = { nameLength: 32, textLength: 2000 } as const

const name = z.string().trim().min(1).max(chatBounds.nameLength)
const text = z
  .string()
  .max(chatBounds.textLength)
  .refine((value) => value.trim() !== '', 'A message has something in it')

/** Messages as they stand on the wire, in JSON. What does not fit is answered with ERR_MESSAGE_INVALID. */
export const Chat = contract({
  in: z.discriminatedUnion('type', [
    z.object({ type: z.literal('join'), name }),
    z.object({ type: z.literal('say'), text }),
  ]),
  out: z.discriminatedUnion('type', [
    // To who comes: the name that was free, and who is here.
    z.object({ type: z.literal('welcome'), you: z.string(), people: z.array(z.string()) }),
    // To all others: someone came, someone went. Who comes may hear of themselves.
    z.object({ type: z.literal('joined'), name: z.string() }),
    z.object({ type: z.literal('left'), name: z.string() }),
    // To everyone, the speaker included.
    z.object({ type: z.literal('said'), from: z.string(), text: z.string() }),
    z.object({ type: z.literal('refused'), message: z.string() }),
  ]),
})
export type ChatIn = In<typeof Chat>
export type ChatOut = Out<typeof Chat>

export const joinFirst: ChatOut = { type: 'refused', message: 'Join before you write' }
export const joinedAlready: ChatOut = { type: 'refused', message: 'You have joined already' }

/** Who is here. What stands for a member differs from model to model: a connection, an actor, a number. */
export class Room<Member> {
  readonly #names = new Map<Member, string>()

  get members(): Iterable<Member> {
    return this.#names.keys()
  }

  get people(): string[] {
    return [...this.#names.values()]
  }

  nameOf(member: Member): string | undefined {
    return this.#names.get(member)
  }

  /** Gives the wanted name, or the first of `name 2`, `name 3`, … that nobody else here has. */
  enter(member: Member, wanted: string): string {
    const taken = new Set(this.people)
    let free = wanted
    for (let number = 2; taken.has(free); number += 1) {
      const suffix = ` ${number}`
      free = wanted.slice(0, chatBounds.nameLength - suffix.length) + suffix
    }
    this.#names.set(member, free)
    return free
  }

  /** The name that is free again; undefined if the member was not here. */
  leave(member: Member): string | undefined {
    const left = this.#names.get(member)
    this.#names.delete(member)
    return left
  }
}
