// The chat of one worker. What happens in a room is published once, on the topic of the room: connections read it, and
// so do the workers that know the room. Knows nothing of HTTP or of how connections are made.
//
// Rule 1: each worker speaks only for its own people; the others' go when it says so, or when it is gone.
// Rule 2: a worker listens to a room before it asks who is there, and nothing it hears is taken back by an older word
//         (see Roster), so questions, answers and changes may cross each other.

import { createHash } from 'node:crypto'
import type { ChatIn, ChatOut, Person, Said } from './chat-contract.ts'
import { Room } from './room.ts'

/** What the chat needs of a connection. */
export interface ChatConnection {
  send(message: ChatOut): unknown
  subscribe(topic: string): unknown
  unsubscribe(topic: string): unknown
  close(code: number, reason: string): void
}

/** What the chat needs of the server: publications between workers, and word of workers that are gone. */
export interface ChatServer {
  readonly workerId: number
  publish(topic: string, message: string): unknown
  /** Hears the publications of all workers, this one included. */
  subscribe(topic: string, listener: (message: string | Uint8Array) => void): () => void
  /** Tells that a worker is gone, after the last publication of it. */
  onWorkerLeft(listener: (workerId: number) => void): unknown
}

/** What workers ask and answer each other, about one room. `by` is the worker that speaks. */
type WorkerWord =
  | { readonly kind: 'who'; readonly by: number; readonly room: string }
  | {
      readonly kind: 'here'
      readonly by: number
      readonly room: string
      readonly people: Person[]
      readonly recent: readonly Said[]
    }

const workersTopic = 'chat/workers'

/** Close code for a connection whose person came again on another one. */
export const replacedCode = 4001

/** Empty rooms are remembered, up to so many rooms altogether. */
const roomCount = 100

/** One connection in the chat, before and after it joined a room. */
export class Member {
  readonly connection: ChatConnection
  readonly #chat: Chat
  room: Room | undefined
  person: Person | undefined

  constructor(chat: Chat, connection: ChatConnection) {
    this.#chat = chat
    this.connection = connection
  }

  receive(message: ChatIn): void {
    if (message.type === 'join') this.#chat.join(this, message)
    else this.#chat.say(this, message)
  }

  /** The connection is closed. */
  leave(): void {
    this.#chat.leave(this)
  }
}

export class Chat {
  readonly #now: () => number
  #server: ChatServer | undefined
  readonly #rooms = new Map<string, { readonly room: Room; readonly stop: () => void }>()

  /** `now` gives milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Begins to listen to the other workers. Before it nobody can enter. */
  start(server: ChatServer): void {
    this.#server = server
    server.subscribe(workersTopic, (message) => this.#asked(parse<WorkerWord>(message)))
    server.onWorkerLeft((workerId) => this.#workerLeft(workerId))
  }

  enter(connection: ChatConnection): Member {
    return new Member(this, connection)
  }

  join(member: Member, wanted: Extract<ChatIn, { type: 'join' }>): void {
    const id = createHash('sha256').update(wanted.key).digest('base64url').slice(0, 16)
    if (member.room?.name !== wanted.room || member.person?.id !== id) this.leave(member)
    const room = this.#room(wanted.room)
    const kind = member.room ? 'renamed' : 'joined'
    // A rename keeps the seat.
    const { seat } = member.person ?? wanted
    const person = { id, name: room.freeName(wanted.name, id), seat }
    if (!room.put(person, this.#started.workerId)) {
      return member.connection.close(replacedCode, 'You came again on another connection')
    }
    this.#replace(room, id, member)
    member.room = room
    member.person = person
    room.members.set(id, member)
    if (kind === 'joined') member.connection.subscribe(topicOf(room.name))
    this.#welcome(member)
    this.#publish(room, { type: kind, person, by: this.#started.workerId })
  }

  say({ room, person, connection }: Member, message: { id: string; text: string }): void {
    if (!room || !person) {
      connection.send({ type: 'refused', message: 'Join a room before you write' })
      return
    }
    const known = room.find(person.id, message.id)
    // Sent again after a reconnect, because the page had not seen it come back: it is no new message.
    if (known) return void connection.send(known)
    const said: Said = {
      type: 'said',
      id: message.id,
      from: { id: person.id, name: person.name },
      text: message.text,
      at: this.#now(),
    }
    room.remember(said)
    this.#publish(room, said)
  }

  leave(member: Member): void {
    const { room, person, connection } = member
    if (!room || !person) return
    member.room = undefined
    member.person = undefined
    connection.unsubscribe(topicOf(room.name))
    room.members.delete(person.id)
    const { workerId } = this.#started
    if (!room.remove(person, workerId)) return
    this.#publish(room, { type: 'left', id: person.id, seat: person.seat, by: workerId })
  }

  // Other workers

  /** A question or an answer of another worker. */
  #asked(word: WorkerWord): void {
    const { workerId } = this.#started
    const room = this.#rooms.get(word.room)?.room
    if (word.by === workerId || !room) return
    if (word.kind === 'who') {
      const people = room.peopleOf(workerId)
      const { recent } = room
      if (people.length === 0 && recent.length === 0) return
      return this.#tell({ kind: 'here', by: workerId, room: room.name, people, recent })
    }
    let learnt = false
    for (const person of word.people) {
      learnt = room.roster.get(person.id)?.seat !== person.seat || learnt
      this.#put(room, person, word.by)
    }
    for (const said of word.recent) learnt = room.remember(said) || learnt
    // Those who joined before the answer came saw too little.
    if (learnt) for (const member of room.members.values()) this.#welcome(member)
  }

  /** Something was said or has changed in a room; connections have read it already. */
  #heard(room: Room, message: ChatOut): void {
    if (message.type === 'said') return void room.remember(message)
    if (!('by' in message) || message.by === this.#started.workerId) return
    if (message.type === 'left') room.remove(message, message.by)
    else this.#put(room, message.person, message.by)
  }

  #put(room: Room, person: Person, workerId: number): void {
    if (!room.put(person, workerId)) return
    this.#replace(room, person.id)
    // Two workers gave the same name at the same moment: one of the two gives way, the same one everywhere.
    const rival = room.rivalOf(person)
    if (!rival?.person) return
    rival.person = { ...rival.person, name: room.freeName(rival.person.name, rival.person.id) }
    room.put(rival.person, this.#started.workerId)
    this.#publish(room, { type: 'renamed', person: rival.person, by: this.#started.workerId })
  }

  #workerLeft(workerId: number): void {
    for (const { room } of this.#rooms.values()) {
      for (const person of room.peopleOf(workerId)) {
        const { id, seat } = person
        room.remove(person, workerId)
        // Each worker tells its own connections; a publication would tell everyone once for each worker.
        const left: ChatOut = { type: 'left', id, seat, by: workerId }
        for (const { connection } of room.members.values()) connection.send(left)
      }
    }
  }

  /** A person who came again lets go of the old connection, which may be half-open and never say that it is closed. */
  #replace(room: Room, id: string, by?: Member): void {
    const old = room.members.get(id)
    if (!old || old === by) return
    old.room = undefined
    old.person = undefined
    room.members.delete(id)
    old.connection.unsubscribe(topicOf(room.name))
    old.connection.close(replacedCode, 'You came again on another connection')
  }

  // Rooms and publications

  #room(name: string): Room {
    const known = this.#rooms.get(name)
    if (known) return known.room
    const room = new Room(name)
    const stop = this.#started.subscribe(topicOf(name), (message) =>
      this.#heard(room, parse<ChatOut>(message)),
    )
    this.#rooms.set(name, { room, stop })
    this.#forgetRooms(room)
    this.#tell({ kind: 'who', by: this.#started.workerId, room: name })
    return room
  }

  #forgetRooms(except: Room): void {
    for (const [name, { room, stop }] of this.#rooms) {
      if (this.#rooms.size <= roomCount) return
      if (room.roster.size > 0 || room === except) continue
      stop()
      this.#rooms.delete(name)
    }
  }

  #welcome({ room, person, connection }: Member): void {
    if (!room || !person) return
    const { people } = room.roster
    connection.send({
      type: 'welcome',
      room: room.name,
      you: person,
      people,
      recent: [...room.recent],
    })
  }

  #publish(room: Room, message: ChatOut): void {
    this.#started.publish(topicOf(room.name), JSON.stringify(message))
  }

  #tell(word: WorkerWord): void {
    this.#started.publish(workersTopic, JSON.stringify(word))
  }

  get #started(): ChatServer {
    if (!this.#server) throw new Error('The chat was not started')
    return this.#server
  }
}

/** Only workers publish on these topics, so what comes is trusted. */
function parse<Message>(publication: string | Uint8Array): Message {
  const text = typeof publication === 'string' ? publication : new TextDecoder().decode(publication)
  return JSON.parse(text) as Message
}

function topicOf(room: string): string {
  return `chat/room/${room}`
}
