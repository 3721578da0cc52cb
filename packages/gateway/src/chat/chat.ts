// The chat of one worker. Workers tell each other who is where, so each can answer for every room; messages reach the
// connections of all workers as publications. Knows nothing of HTTP or of how connections are made.
//
// Rule 1: a change of people is told to the workers before it is told to the room. Publications of one worker keep
//         their order, so whoever is welcomed in between still hears of the change.
// Rule 2: each worker speaks only for its own people; the others' go when it says so, or when it is gone.

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

/** What workers tell each other. `from` is the worker. */
type WorkerEvent = { readonly from: number } & (
  | { readonly kind: 'hello' }
  | {
      readonly kind: 'here'
      readonly room: string
      readonly people: Person[]
      readonly recent: readonly Said[]
    }
  | { readonly kind: 'joined' | 'renamed'; readonly room: string; readonly person: Person }
  | { readonly kind: 'left'; readonly room: string; readonly id: string; readonly seat: number }
)

type Told = WorkerEvent extends infer Event
  ? Event extends unknown
    ? Omit<Event, 'from'>
    : never
  : never

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
    server.subscribe(workersTopic, (message) => this.#heard(parse<WorkerEvent>(message)))
    server.onWorkerLeft((workerId) => this.#workerLeft(workerId))
    this.#tell({ kind: 'hello' })
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
    this.#tell({ kind, room: room.name, person })
    this.#publish(room, { type: kind, person })
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
      from: person,
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
    if (!room.remove(person, this.#started.workerId)) return
    const { id, seat } = person
    this.#tell({ kind: 'left', room: room.name, id, seat })
    this.#publish(room, { type: 'left', id, seat })
  }

  // Other workers

  #heard(event: WorkerEvent): void {
    const { workerId } = this.#started
    if (event.from === workerId) return
    if (event.kind === 'hello') {
      // Whatever was known under this id was another life of it.
      this.#workerLeft(event.from)
      for (const { room } of this.#rooms.values()) {
        this.#tell({
          kind: 'here',
          room: room.name,
          people: room.peopleOf(workerId),
          recent: room.recent,
        })
      }
      return
    }
    const room = this.#room(event.room)
    if (event.kind === 'left') return void room.remove(event, event.from)
    if (event.kind !== 'here') return this.#put(room, event.person, event.from)
    for (const person of event.people) this.#put(room, person, event.from)
    for (const said of event.recent) room.remember(said)
    // Those who joined before this word came saw too little.
    for (const member of room.members.values()) this.#welcome(member)
  }

  #put(room: Room, person: Person, workerId: number): void {
    if (!room.put(person, workerId)) return
    this.#replace(room, person.id)
    // Two workers gave the same name at the same moment: one of the two gives way, the same one everywhere.
    const rival = room.rivalOf(person)
    if (!rival?.person) return
    rival.person = { ...rival.person, name: room.freeName(rival.person.name, rival.person.id) }
    room.put(rival.person, this.#started.workerId)
    this.#tell({ kind: 'renamed', room: room.name, person: rival.person })
    this.#publish(room, { type: 'renamed', person: rival.person })
  }

  #workerLeft(workerId: number): void {
    for (const { room } of this.#rooms.values()) {
      for (const person of room.peopleOf(workerId)) {
        const { id, seat } = person
        room.remove(person, workerId)
        // Each worker tells its own connections; a publication would tell everyone once for each worker.
        for (const { connection } of room.members.values())
          connection.send({ type: 'left', id, seat })
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
    const stop = this.#started.subscribe(topicOf(name), (message) => {
      const out = parse<ChatOut>(message)
      if (out.type === 'said') room.remember(out)
    })
    this.#rooms.set(name, { room, stop })
    this.#forgetRooms(room)
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

  #tell(event: Told): void {
    const { workerId } = this.#started
    this.#started.publish(workersTopic, JSON.stringify({ from: workerId, ...event }))
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
