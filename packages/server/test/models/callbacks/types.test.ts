// What the compiler must infer, and what it must refuse. The assertions are checked by `npm run types`; running
// the file only shows that it holds together.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contract } from 'holdline'
import type { In, Out } from 'holdline'
import { callbacks, handler, WebSocketHandler } from 'holdline/callbacks'
import { z } from 'zod'

const Chat = contract({
  in: z.object({ room: z.string(), text: z.string() }),
  out: z.object({ from: z.string(), text: z.string() }),
})
type Chat = typeof Chat

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** Compiles only for `true`. */
const isTrue = <T extends true>(_?: T): void => {}

test('data is what upgrade gives, without a type argument', () => {
  callbacks({
    upgrade: () => ({ data: { user: 'ann' } }),
    message(c, message) {
      isTrue<Equal<typeof c.data, { user: string }>>()
      isTrue<Equal<typeof message, string | Uint8Array>>()
      // @ts-expect-error -- there is no such field
      assert.equal(c.data.name, undefined)
    },
  })
})

test('data is inferred from an upgrade that looks at the request', () => {
  callbacks({
    upgrade: (request) => ({ data: { path: request.path } }),
    open: (c) => isTrue<Equal<typeof c.data, { path: string }>>(),
    close: (c, code) => {
      isTrue<Equal<typeof c.data, { path: string }>>()
      isTrue<Equal<typeof code, number>>()
    },
  })
})

test('data is inferred from an asynchronous upgrade', () => {
  callbacks({
    upgrade: async (request) => ({ data: { id: Number(request.params['id']) } }),
    message: (c) => isTrue<Equal<typeof c.data, { id: number }>>(),
  })
})

test('data is inferred from an upgrade that may refuse', () => {
  callbacks({
    upgrade: (request) => {
      if (request.cookies['token'] === undefined) return { refuse: 401, reason: 'no token' }
      return { data: { user: 'ann' } }
    },
    message: (c) => isTrue<Equal<typeof c.data, { user: string }>>(),
  })
  callbacks({
    async upgrade(request) {
      if (request.cookies['token'] === undefined) return { refuse: 401, reason: 'no token' }
      return { data: { user: 'ann' }, headers: { 'X-Greeting': 'hello' } }
    },
    message: (c) => isTrue<Equal<typeof c.data, { user: string }>>(),
  })
})

test('an answer without anything stands beside a refusal', () => {
  callbacks({ upgrade: (request) => (request.secure ? {} : { refuse: 403 }) })
  callbacks({
    upgrade: async (request) => {
      if (request.secure) return {}
      return { refuse: 403, reason: 'only over TLS' }
    },
  })
})

test('without upgrade there is no data', () => {
  callbacks({ message: (c) => isTrue<Equal<typeof c.data, undefined>>() })
  callbacks(Chat, { message: (c) => isTrue<Equal<typeof c.data, undefined>>() })
})

test('an upgrade that only refuses leaves no data', () => {
  callbacks({
    upgrade: (request) => {
      if (request.secure) return
      return { refuse: 403 }
    },
    message: (c) => {
      isTrue<Equal<typeof c.data, undefined>>()
    },
  })
})

test('a contract types both ways, and data beside it', () => {
  callbacks(Chat, {
    upgrade: async (request) => ({ data: { user: request.query.get('user') ?? 'nobody' } }),
    message(c, message) {
      isTrue<Equal<typeof message, { room: string; text: string }>>()
      isTrue<Equal<typeof c.data, { user: string }>>()
      c.send({ from: c.data.user, text: message.text })
      // @ts-expect-error -- `from` is missing
      c.send({ text: message.text })
      // @ts-expect-error -- not what the contract sends
      c.send('text')
      c.raw.send('outside of the contract')
    },
  })
  isTrue<Equal<In<Chat>, { room: string; text: string }>>()
  isTrue<Equal<Out<Chat>, { from: string; text: string }>>()
})

test('handlers have the shapes that are called', () => {
  // @ts-expect-error -- a message is text or bytes, not a number
  callbacks({ message: (_c, _message: number) => {} })
  // @ts-expect-error -- no such handler
  callbacks({ messages: () => {} })
  // @ts-expect-error -- a status is a number
  callbacks({ upgrade: () => ({ refuse: 'no' }) })
  // @ts-expect-error -- no such limit
  callbacks({ limits: { messageByte: 1 } })
})

class Echo extends WebSocketHandler<Chat, { user: string }> {
  static override readonly contract = Chat
  static override readonly pingIntervalMs = 10_000
  static override readonly pingTimeoutMs = 5_000

  async onMessage(message: In<Chat>): Promise<void> {
    await this.write({ from: this.data.user, text: message.text })
    // @ts-expect-error -- `from` is missing
    await this.write({ text: message.text }).catch(() => {})
  }
}

class Wrong extends WebSocketHandler<Chat> {
  static override readonly contract = Chat

  // @ts-expect-error -- not what the contract receives
  override onMessage(_message: { room: number }): void {}
}

class Bytes extends WebSocketHandler {
  async onMessage(message: string | Uint8Array): Promise<void> {
    await this.write(message)
    // @ts-expect-error -- without a contract messages are text or bytes
    await this.write({ text: 'no' }).catch(() => {})
  }
}

/** Says that it is typed, and does not say with what. */
class Forgetful extends WebSocketHandler<Chat> {
  onMessage(_message: In<Chat>): void {}
}

class OtherContract extends WebSocketHandler<Chat> {
  static override readonly contract = contract({ in: z.number(), out: z.number() })

  onMessage(_message: In<Chat>): void {}
}

test('a class of a contract', () => {
  handler(Echo, () => ({ data: { user: 'ann' } }))
  // @ts-expect-error -- the class wants a user
  handler(Echo, () => ({ data: { name: 'ann' } }))
  handler(Bytes)
  // @ts-expect-error -- the static member `contract` is missing
  handler(Forgetful)
  // @ts-expect-error -- the static member is another contract
  handler(OtherContract)
  assert.equal(typeof Wrong, 'function')
})
