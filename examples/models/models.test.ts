// One test for all: the chat room and the tick game keep the same promises, whichever model they are written in and
// whatever moves their bytes. A model is tested as soon as its file is there.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { withExample } from '../run-example.ts'
import { chatBounds, type ChatOut } from './chat/room.ts'
import { load } from './load.ts'
import { plainWire, wireWithIds, type Wire } from './wire.ts'
import { boardSize, type Direction, type GameOut } from './tick/game.ts'

const models = ['servlet', 'callbacks', 'actors', 'csp', 'queues', 'loop', 'threads'] as const

/** What moves the bytes: engines; the raw loop stands on none and has its own. */
function groundsOf(model: string): Record<string, Record<string, string>> {
  if (model === 'loop') return { epoll: { BACKEND: 'epoll' }, net: { BACKEND: 'net' } }
  return { node: { HOLDLINE_ENGINE: 'node' }, uring: { HOLDLINE_ENGINE: 'uring' } }
}

/** Who hears nothing for so long is not waited for. */
const silenceMs = 8000

/** A servlet that answers several requests at once tells them apart by ids. */
let wire: Wire = plainWire

/** A client that reads what comes, in order. */
class Client<Message extends { readonly type: string }> {
  readonly #line: WebSocket
  readonly #messages: Message[] = []
  #arrived: (() => void) | undefined
  #closed: number | undefined
  /** The name that was given to it. */
  #own: string | undefined

  /** All that were opened. */
  static readonly all: Client<never>[] = []

  private constructor(url: string) {
    this.#line = new WebSocket(url)
    this.#line.on('message', (data: Buffer) => {
      const message = wire.read(data.toString())
      if (message === undefined) return
      this.#messages.push(message as Message)
      this.#arrived?.()
    })
    this.#line.on('close', (code) => {
      this.#closed = code
      this.#arrived?.()
    })
  }

  static async open<Message extends { readonly type: string }>(
    url: string,
  ): Promise<Client<Message>> {
    const client = new Client<Message>(url)
    Client.all.push(client as unknown as Client<never>)
    await new Promise((resolve, reject) => client.#line.on('open', resolve).on('error', reject))
    return client
  }

  send(message: unknown): void {
    this.sendText(wire.write(message))
  }

  sendText(text: string): void {
    this.#line.send(text)
  }

  /** The next message. That a newcomer may hear of themselves is left out. */
  async next(): Promise<Message> {
    for (;;) {
      const message: Message & { you?: string; name?: string } = await this.#nextOfAll()
      this.#own ??= message.you
      if (message.type !== 'joined' || message.name !== this.#own) return message
    }
  }

  async #nextOfAll(): Promise<Message> {
    while (this.#messages.length === 0) {
      if (this.#closed !== undefined) throw new Error(`nothing comes any more: ${this.#closed}`)
      const silence = setTimeout(() => this.#line.terminate(), silenceMs)
      await new Promise<void>((resolve) => (this.#arrived = resolve))
      clearTimeout(silence)
    }
    return this.#messages.shift()!
  }

  async nextOf<Type extends Message['type']>(type: Type): Promise<Message & { type: Type }> {
    for (;;) {
      const message = await this.next()
      if (message.type === type) return message as Message & { type: Type }
    }
  }

  /** The code of a message that was refused as not fitting; the line goes on. */
  async refusal(): Promise<string> {
    for (;;) {
      const message = (await this.next()) as unknown as { error?: { code: string } }
      if (message.error !== undefined) return message.error.code
    }
  }

  leave(): void {
    this.#line.close()
  }

  cut(): void {
    this.#line.terminate()
  }
}

type Talker = Client<ChatOut>

async function joined(url: string, name: string): Promise<Talker> {
  const talker: Talker = await Client.open(url)
  talker.send({ type: 'join', name })
  const welcome = await talker.next()
  assert.equal(welcome.type, 'welcome')
  return talker
}

const chatCases: Record<string, (url: string) => Promise<void>> = {
  async 'who comes is welcomed and told who is here; the others hear of it'(url) {
    const ann: Talker = await Client.open(url)
    ann.send({ type: 'join', name: 'ann' })
    assert.deepEqual(await ann.next(), { type: 'welcome', you: 'ann', people: ['keeper', 'ann'] })
    const bob: Talker = await Client.open(url)
    bob.send({ type: 'join', name: ' ann ' })
    const people = ['keeper', 'ann', 'ann 2']
    assert.deepEqual(await bob.next(), { type: 'welcome', you: 'ann 2', people })
    assert.deepEqual(await ann.next(), { type: 'joined', name: 'ann 2' })
    bob.leave()
    assert.deepEqual(await ann.next(), { type: 'left', name: 'ann 2' })
    const cid = await joined(url, 'cid')
    assert.deepEqual(await ann.next(), { type: 'joined', name: 'cid' })
    cid.cut()
    assert.deepEqual(await ann.next(), { type: 'left', name: 'cid' })
    ann.leave()
  },

  async 'everyone hears everything, in one order'(url) {
    const talkers: Talker[] = []
    for (const name of ['ann', 'bob', 'cid']) talkers.push(await joined(url, name))
    for (const text of Array.from({ length: 100 }, (_, number) => String(number))) {
      for (const talker of talkers) talker.send({ type: 'say', text })
    }
    const heard = await Promise.all(
      talkers.map(async (talker) => {
        const said: string[] = []
        while (said.length < 300) {
          const { from, text } = await talker.nextOf('said')
          said.push(`${from} ${text}`)
        }
        return said
      }),
    )
    assert.deepEqual(heard[1], heard[0])
    assert.deepEqual(heard[2], heard[0])
    for (const name of ['ann', 'bob', 'cid']) {
      const own = heard[0]!.filter((each) => each.startsWith(name))
      assert.deepEqual(
        own,
        Array.from({ length: 100 }, (_, number) => `${name} ${number}`),
      )
    }
    for (const talker of talkers) talker.leave()
  },

  async 'what is not meant is refused, and the line goes on'(url) {
    const ann: Talker = await Client.open(url)
    ann.send({ type: 'say', text: 'hello?' })
    assert.equal((await ann.next()).type, 'refused')
    const wrong = [
      { type: 'join', name: 'x'.repeat(chatBounds.nameLength + 1) },
      { type: 'join', name: '  ' },
      { type: 'nosuch' },
    ]
    for (const message of wrong) ann.send(message)
    ann.sendText('{')
    for (let i = 0; i < 3; i += 1) assert.equal(await ann.refusal(), 'ERR_MESSAGE_INVALID')
    assert.match(await ann.refusal(), /^ERR_(MESSAGE_INVALID|REQUEST_ENVELOPE)$/)
    ann.send({ type: 'join', name: 'ann' })
    assert.deepEqual(await ann.next(), { type: 'welcome', you: 'ann', people: ['keeper', 'ann'] })
    ann.send({ type: 'join', name: 'other' })
    assert.equal((await ann.next()).type, 'refused')
    ann.send({ type: 'say', text: 'x'.repeat(chatBounds.textLength + 1) })
    assert.equal(await ann.refusal(), 'ERR_MESSAGE_INVALID')
    ann.send({ type: 'say', text: 'hello' })
    assert.deepEqual(await ann.next(), { type: 'said', from: 'ann', text: 'hello' })
    ann.leave()
  },

  async 'who never joined is not missed'(url) {
    const ann = await joined(url, 'ann')
    const shy: Talker = await Client.open(url)
    shy.cut()
    const bob = await joined(url, 'bob')
    assert.deepEqual(await ann.next(), { type: 'joined', name: 'bob' })
    for (const talker of [ann, bob]) talker.leave()
  },

  async 'the shared load is heard by all'(url) {
    const result = await load({ url, clientCount: 4, messageCount: 100, wire })
    assert.equal(result.heardCount, 400)
    assert.ok(result.messagesPerSecond > 0 && result.medianMs <= result.p99Ms)
  },
}

type Player = Client<GameOut>

async function entered(url: string): Promise<{ player: Player; number: number }> {
  const player: Player = await Client.open(url)
  player.send({ type: 'play' })
  return { player, number: (await player.nextOf('you')).player }
}

/** Turns once a tick has told which one it is. */
async function turn(player: Player, direction: Direction): Promise<void> {
  const { tick } = await player.nextOf('positions')
  player.send({ type: 'turn', tick, direction })
}

async function placeOf(player: Player, number: number): Promise<readonly [number, number]> {
  const { players } = await player.nextOf('positions')
  const [, x, y] = players.find(([each]) => each === number)!
  return [x, y]
}

const tickCases: Record<string, (url: string) => Promise<void>> = {
  async 'every player hears every tick, and walks where they turned'(url) {
    const ann = await entered(url)
    const bob = await entered(url)
    await turn(ann.player, 'right')
    await turn(bob.player, 'up')
    let last = (await ann.player.nextOf('positions')).tick
    for (let i = 0; i < 5; i += 1) {
      const { tick } = await ann.player.nextOf('positions')
      assert.equal(tick, last + 1)
      last = tick
    }
    for (const { player } of [ann, bob]) {
      while ((await placeOf(player, ann.number))[0] < 3);
      // Up from 0 is the other end of the board.
      for (let y = 0; y === 0 || y > boardSize - 3;) [, y] = await placeOf(player, bob.number)
    }
    for (const { player } of [ann, bob]) player.leave()
  },

  async 'a direction of another time, or none at all, is answered and changes nothing'(url) {
    const { player, number } = await entered(url)
    await turn(player, 'down')
    while ((await placeOf(player, number))[1] === 0);
    player.send({ type: 'turn', tick: 1_000_000, direction: 'left' })
    assert.equal((await player.nextOf('ignored')).tick, 1_000_000)
    player.send({ type: 'turn', tick: -1, direction: 'left' })
    assert.equal(await player.refusal(), 'ERR_MESSAGE_INVALID')
    player.send({ type: 'turn', tick: 1, direction: 'sideways' })
    assert.equal(await player.refusal(), 'ERR_MESSAGE_INVALID')
    player.sendText('')
    assert.match(await player.refusal(), /^ERR_(MESSAGE_INVALID|REQUEST_ENVELOPE)$/)
    const [x, y] = await placeOf(player, number)
    assert.equal(x, 0)
    while ((await placeOf(player, number))[1] === y);
    player.leave()
  },

  async 'who leaves is on the board no more'(url) {
    const ann = await entered(url)
    const bob = await entered(url)
    while ((await ann.player.nextOf('positions')).players.length !== 3);
    bob.player.cut()
    while ((await ann.player.nextOf('positions')).players.length !== 2);
    assert.deepEqual(await placeOf(ann.player, ann.number), [0, 0])
    ann.player.leave()
  },
}

/** Stays for all cases of a program, and knows when everyone else has gone. */
async function chatKeeper(url: string): Promise<() => Promise<void>> {
  const keeper = await joined(url, 'keeper')
  let others = 0
  return async () => {
    // A newcomer is heard of before they can be missed, so with this one all before it have been counted.
    const last = await joined(url, 'last')
    last.leave()
    for (let isLast = false; !isLast || others > 0;) {
      const message = await keeper.next()
      if (message.type === 'joined') others += 1
      if (message.type === 'left') others -= 1
      isLast ||= message.type === 'joined' && message.name === 'last'
    }
  }
}

async function tickKeeper(url: string): Promise<() => Promise<void>> {
  const { player } = await entered(url)
  return async () => {
    while ((await player.nextOf('positions')).players.length > 1);
  }
}

const applications = {
  chat: { keeper: chatKeeper, cases: chatCases },
  tick: { keeper: tickKeeper, cases: tickCases },
}

for (const [application, { keeper, cases }] of Object.entries(applications)) {
  for (const model of models) {
    const name = `models/${application}/${model}`
    if (!existsSync(new URL(`${application}/${model}.ts`, import.meta.url))) continue
    for (const [ground, environment] of Object.entries(groundsOf(model))) {
      test(`${application} with ${model} on ${ground}`, { timeout: 30_000 }, (t) =>
        withExample(
          name,
          async (address) => {
            const url = `${address}/${application}`
            wire = model === 'servlet' ? wireWithIds() : plainWire
            const allGone = await keeper(url)
            for (const [title, play] of Object.entries(cases)) {
              const before = Client.all.length
              await t.test(title, () => play(url))
              // Where a case failed its clients are still there.
              for (const client of Client.all.slice(before)) client.cut()
              await allGone()
            }
          },
          environment,
          t.signal,
        ),
      )
    }
  }
}
