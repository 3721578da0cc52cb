// The class form. Each property of Tornado's WebSocketHandler that it keeps is a test named after it; where the
// core decides otherwise, the test says what it does instead, and docs/guide/callbacks.md why.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { In, UpgradeRequest } from 'holdline'
import { contract, HoldlineError } from 'holdline'
import { handler, ReadyState, WebSocketHandler } from 'holdline/callbacks'
import { z } from 'zod'
import { wireEngines, wireServer } from '../../server/wire-server.ts'
import { rejections } from '../canary.ts'
import { tick } from '../gate.ts'
import { texts } from '../messages.ts'

class Silent extends WebSocketHandler {
  onMessage(): void {}
}

for (const engine of wireEngines) {
  describe(`WebSocketHandler on the ${engine} engine`, () => {
    test('Tornado: check_origin runs only when Origin is sent; default same host, else 403', async () => {
      const origins: string[] = []
      class Watching extends Silent {
        static override checkOrigin(origin: URL, request: UpgradeRequest): boolean {
          origins.push(origin.href)
          return WebSocketHandler.checkOrigin(origin, request)
        }
      }
      await using wire = await wireServer(engine, { routes: { '/': handler(Watching) } })
      await wire.connect('/', { headers: { host: 'a.example:8080' } })
      assert.deepEqual(origins, [])
      await wire.connect('/', {
        headers: { host: 'a.example:8080', origin: 'http://A.example:8080' },
      })
      assert.deepEqual(origins, ['http://a.example:8080/'])
      for (const origin of ['http://b.example', 'http://a.example', 'http://a.example:8080.evil']) {
        const peer = await wire.dial('/', { headers: { host: 'a.example:8080', origin } })
        await peer.answered()
        assert.equal(peer.status, 403, origin)
      }
      const opaque = await wire.dial('/', { headers: { origin: 'null' } })
      await opaque.answered()
      assert.equal(opaque.status, 403)
    })

    test('Tornado: select_subprotocol called exactly once, even with []', async () => {
      const calls: (readonly string[])[] = []
      class Choosing extends Silent {
        static override selectSubprotocol(offered: readonly string[]): string | null {
          calls.push(offered)
          return offered.at(-1) ?? null
        }
      }
      await using wire = await wireServer(engine, { routes: { '/': handler(Choosing) } })
      const none = await wire.connect('/')
      assert.equal(none.header('sec-websocket-protocol'), null)
      const two = await wire.connect('/', { headers: { 'sec-websocket-protocol': 'a, b' } })
      assert.equal(two.header('sec-websocket-protocol'), 'b')
      assert.deepEqual(calls, [[], ['a', 'b']])
    })

    test('Tornado: no onMessage before open finishes', async () => {
      const calls: string[] = []
      const opening = Promise.withResolvers<void>()
      class Slow extends WebSocketHandler {
        override async open(): Promise<void> {
          await opening.promise
          calls.push('opened')
        }
        onMessage(message: string | Uint8Array): void {
          calls.push(message as string)
        }
      }
      await using wire = await wireServer(engine, { routes: { '/': handler(Slow) } })
      const peer = await wire.connect()
      peer.raw(texts('a', 'b'))
      await wire.pass(20)
      assert.deepEqual(calls, [])
      opening.resolve()
      await wire.until('all', () => calls.length === 3)
      assert.deepEqual(calls, ['opened', 'a', 'b'])
    })

    test('Tornado: no frame is read until an async onMessage ends — here no message is handled, while pings and close are answered (K4)', async () => {
      const calls: string[] = []
      const first = Promise.withResolvers<void>()
      class Slow extends WebSocketHandler {
        async onMessage(message: string | Uint8Array): Promise<void> {
          calls.push(`begin ${message as string}`)
          await first.promise
          calls.push(`end ${message as string}`)
        }
        override onClose(code: number): void {
          calls.push(`close ${code}`)
        }
      }
      await using wire = await wireServer(engine, { routes: { '/': handler(Slow) } })
      const peer = await wire.connect()
      peer.raw(texts('a', 'b'))
      peer.ping('p')
      assert.equal((await peer.frame()).opcode, 10)
      peer.close(1000)
      assert.deepEqual(await peer.closeFrame(), [1000, ''])
      await peer.closed()
      assert.deepEqual(calls, ['begin a'])
      first.resolve()
      await wire.until('close', () => calls.length === 5)
      assert.deepEqual(calls, ['begin a', 'end a', 'begin b', 'end b', 'close 1000'])
    })

    test("Tornado: beyond the lane's bound nothing is read, pings included, until handlers catch up", async () => {
      let handled = 0
      const first = Promise.withResolvers<void>()
      class Slow extends WebSocketHandler {
        async onMessage(): Promise<void> {
          await first.promise
          handled++
        }
      }
      await using wire = await wireServer(engine, { routes: { '/': handler(Slow) } })
      const peer = await wire.connect()
      peer.raw(texts(...Array.from({ length: 17 }, () => 'x')))
      peer.ping('behind')
      await wire.pass(20)
      assert.equal(peer.frameCount, 0)
      first.resolve()
      assert.equal((await peer.frame()).opcode, 10)
      await wire.until('all', () => handled === 17)
    })

    test('Tornado: on_close once, last', async () => {
      const calls: string[] = []
      class Closing extends WebSocketHandler {
        async onMessage(): Promise<void> {
          calls.push('begin')
          this.close(4000, 'enough')
          this.close(4001)
          this.connection.terminate()
          await tick()
          calls.push('end')
        }
        override async onClose(): Promise<void> {
          await tick()
          calls.push(`close ${this.closeCode} ${this.readyState}`)
        }
      }
      await using wire = await wireServer(engine, { routes: { '/': handler(Closing) } })
      const peer = await wire.connect()
      peer.raw(texts('x', 'y'))
      await wire.until('close', () => calls.length === 3)
      await wire.pass(20)
      assert.deepEqual(calls, ['begin', 'end', `close 1006 ${ReadyState.CLOSED}`])
      assert.equal(peer.frameCount, 0)
    })

    test('Tornado: write after close raises WebSocketClosedError (here ERR_CONNECTION_CLOSED)', async () => {
      const errors: unknown[] = []
      class Late extends WebSocketHandler {
        async onMessage(): Promise<void> {
          this.close(1000)
          await this.write('late').catch((error: unknown) => errors.push(error))
        }
        override async onClose(): Promise<void> {
          await this.write('later').catch((error: unknown) => errors.push(error))
        }
      }
      await using wire = await wireServer(engine, { routes: { '/': handler(Late) } })
      const peer = await wire.connect()
      peer.text('x')
      assert.deepEqual(await peer.closeFrame(), [1000, ''])
      peer.close(1000)
      await peer.closed()
      await wire.until('both', () => errors.length === 2)
      for (const error of errors) {
        assert.ok(error instanceof HoldlineError)
        assert.equal(error.code, 'ERR_CONNECTION_CLOSED')
      }
    })

    test('Tornado: write returns a future for flow control: it resolves below the low mark', async () => {
      const calls: string[] = []
      let buffered = -1
      class Writing extends WebSocketHandler {
        static override readonly limits = { bufferedBytes: 32 * 1_048_576 }
        async onMessage(): Promise<void> {
          await this.write('small')
          calls.push('small')
          // More than the buffers of any kernel.
          await this.write(new Uint8Array(16 * 1_048_576))
          buffered = this.connection.bufferedBytes
          calls.push('big')
        }
      }
      await using wire = await wireServer(engine, { routes: { '/': handler(Writing) } })
      const peer = await wire.connect()
      peer.line.stopReading()
      peer.text('x')
      await wire.until('the small one', () => calls.length === 1)
      await wire.pass(30)
      assert.deepEqual(calls, ['small'])
      peer.line.startReading()
      await wire.until('the big one', () => calls.length === 2)
      assert.ok(buffered >= 0 && buffered <= 16_384, `${buffered} bytes were waiting`)
    })

    test('Tornado: a write that waits is rejected when the connection goes, and onClose still comes', async () => {
      const calls: string[] = []
      class Writing extends WebSocketHandler {
        static override readonly limits = { bufferedBytes: 32 * 1_048_576 }
        async onMessage(): Promise<void> {
          calls.push('message')
          await this.write(new Uint8Array(16 * 1_048_576)).catch((error: HoldlineError) =>
            calls.push(error.code),
          )
        }
        override onClose(code: number): void {
          calls.push(`close ${code}`)
        }
      }
      await using wire = await wireServer(engine, { routes: { '/': handler(Writing) } })
      const peer = await wire.connect()
      peer.line.stopReading()
      peer.text('x')
      await wire.until('the message', () => calls.length === 1)
      await wire.pass(10)
      peer.cut()
      await wire.until('close', () => calls.length === 3)
      assert.deepEqual(calls, ['message', 'ERR_CONNECTION_CLOSED', 'close 1006'])
    })

    test('a method that ends because its own connection is closed has not failed; awaited or not', async () => {
      const logged: unknown[] = []
      const log = (...all: unknown[]): void => void logged.push(all)
      const calls: string[] = []
      class Writing extends WebSocketHandler {
        static override readonly limits = { bufferedBytes: 32 * 1_048_576 }
        async onMessage(message: string | Uint8Array): Promise<void> {
          calls.push(message as string)
          await this.write(new Uint8Array(8 * 1_048_576))
          calls.push('written')
        }
        override onClose(code: number): void {
          calls.push(`close ${code}`)
          void this.write('nobody awaits this')
        }
      }
      await using wire = await wireServer(engine, {
        logger: { info() {}, warn: log, error: log },
        routes: { '/': handler(Writing) },
      })
      const peer = await wire.connect()
      peer.line.stopReading()
      peer.raw(texts('a', 'b'))
      await wire.until('the first', () => calls.length === 1)
      await wire.pass(10)
      peer.cut()
      await wire.until('close', () => calls.at(-1) === 'close 1006')
      await wire.pass(20)
      assert.deepEqual(calls, ['a', 'b', 'close 1006'])
      assert.deepEqual(logged, [])
      assert.deepEqual((await wire.server.stats()).failures, {})
      assert.deepEqual(rejections, [])
    })

    test('to write to a connection of somebody else that is closed is a failure, unless it is caught', async () => {
      const all: WebSocketHandler[] = []
      class Relaying extends WebSocketHandler {
        override open(): void {
          all.push(this)
        }
        async onMessage(): Promise<void> {
          await all[0]!.write('x')
        }
      }
      await using wire = await wireServer(engine, { routes: { '/': handler(Relaying) } })
      const first = await wire.connect()
      const second = await wire.connect()
      await wire.until('both', () => all.length === 2)
      first.cut()
      await wire.until('the first to be closed', () => all[0]!.readyState === ReadyState.CLOSED)
      second.text('go')
      assert.deepEqual(await second.closeFrame(), [1011, 'ERR_HANDLER'])
    })

    test('Tornado: close() waits 5 s, then aborts (here limits.closeMs)', async () => {
      const closes: number[] = []
      class Closing extends WebSocketHandler {
        static override readonly limits = { closeMs: 300 }
        onMessage(): void {
          this.close(1000)
        }
        override onClose(): void {
          closes.push(performance.now())
        }
      }
      await using wire = await wireServer(engine, { routes: { '/': handler(Closing) } })
      const peer = await wire.connect()
      peer.text('x')
      assert.deepEqual(await peer.closeFrame(), [1000, ''])
      await wire.until('the line to be cut', () => peer.isClosed || peer.line.hasEnded)
      await wire.until('close', () => closes.length === 1)
    })

    test('Tornado: Oversize → close', async () => {
      const calls: string[] = []
      class Small extends WebSocketHandler {
        static override readonly limits = { messageBytes: 10 }
        onMessage(): void {
          calls.push('message')
        }
        override onClose(code: number, reason: string): void {
          calls.push(`close ${code} ${reason}`)
        }
      }
      await using wire = await wireServer(engine, { routes: { '/': handler(Small) } })
      const peer = await wire.connect()
      peer.raw(texts('0123456789', '01234567890'))
      assert.deepEqual(await peer.closeFrame(), [1009, 'ERR_MESSAGE_TOO_BIG'])
      await peer.closed()
      await wire.until('close', () => calls.length === 2)
      assert.deepEqual(calls, ['message', 'close 1009 ERR_MESSAGE_TOO_BIG'])
    })

    test('Node/XHR: readyState only grows', async () => {
      const states: number[] = []
      class Watching extends WebSocketHandler {
        override open(): void {
          states.push(this.readyState)
        }
        onMessage(): void {
          states.push(this.readyState)
          this.close(1000)
          states.push(this.readyState)
        }
        override onClose(): void {
          states.push(this.readyState)
          this.close()
          states.push(this.readyState)
        }
      }
      await using wire = await wireServer(engine, { routes: { '/': handler(Watching) } })
      const peer = await wire.connect()
      peer.text('x')
      assert.deepEqual(await peer.closeFrame(), [1000, ''])
      peer.close(1000)
      await peer.closed()
      await wire.until('close', () => states.length === 5)
      const { OPEN, CLOSING, CLOSED } = ReadyState
      assert.deepEqual(states, [OPEN, OPEN, CLOSING, CLOSED, CLOSED])
    })
  })
}

test('Tornado: ping_timeout ≤ interval', () => {
  class Wrong extends Silent {
    static override readonly pingIntervalMs = 1_000
    static override readonly pingTimeoutMs = 1_001
  }
  assert.throws(() => handler(Wrong), { code: 'ERR_OPTION_INVALID' })
  class Equal extends Silent {
    static override readonly pingIntervalMs = 1_000
    static override readonly pingTimeoutMs = 1_000
  }
  assert.deepEqual(handler(Equal).keepalive, { pingMs: 1_000, timeoutMs: 1_000 })
})

test('pings are sent at the interval of the class, and a line that does not answer is cut', async () => {
  const closes: number[] = []
  class Pinging extends Silent {
    static override readonly pingIntervalMs = 10_000
    static override readonly pingTimeoutMs = 5_000
    override onClose(code: number): void {
      closes.push(code)
    }
  }
  await using wire = await wireServer('memory', { routes: { '/': handler(Pinging) } })
  const peer = await wire.connect()
  await wire.pass(9_000)
  assert.equal(peer.frameCount, 0)
  await wire.pass(2_000)
  assert.equal((await peer.frame()).opcode, 9)
  peer.pong()
  await wire.pass(11_000)
  assert.equal((await peer.frame()).opcode, 9)
  await wire.pass(6_000)
  assert.deepEqual(closes, [1006])
})

test('pingIntervalMs null: no pings, and a silent line stays', async () => {
  class Quiet extends Silent {
    static override readonly pingIntervalMs = null
  }
  await using wire = await wireServer('memory', { routes: { '/': handler(Quiet) } })
  const peer = await wire.connect()
  await wire.pass(3_600_000)
  assert.equal(peer.frameCount, 0)
  assert.equal(peer.isClosed, false)
})

test('each connection has an object of its own, with its request and the data that upgrade gave', async () => {
  const seen: unknown[] = []
  class Named extends WebSocketHandler<undefined, { user: string }> {
    #count = 0
    onMessage(message: string | Uint8Array): void {
      seen.push([this.data.user, this.request.path, this.connection.id > 0, message, ++this.#count])
      this.ping(Uint8Array.of(7))
    }
  }
  const route = handler(Named, (request) => ({ data: { user: request.query.get('user') ?? '' } }))
  await using wire = await wireServer('memory', { routes: { '/': route } })
  const ann = await wire.connect('/?user=ann')
  const bob = await wire.connect('/?user=bob')
  ann.text('1')
  const ping = await ann.frame()
  assert.deepEqual([ping.opcode, [...ping.payload]], [9, [7]])
  bob.text('2')
  await bob.frame()
  ann.text('3')
  await ann.frame()
  assert.deepEqual(seen, [
    ['ann', '/', true, '1', 1],
    ['bob', '/', true, '2', 1],
    ['ann', '/', true, '3', 2],
  ])
})

test('a constructor that throws closes the connection, and onClose of the missing object is not called', async () => {
  class Broken extends WebSocketHandler {
    readonly broken: never = fail()
    onMessage(): void {}
    override onClose(): void {
      assert.fail('there is no object')
    }
  }
  await using wire = await wireServer('memory', { routes: { '/': handler(Broken) } })
  const peer = await wire.connect()
  assert.deepEqual(await peer.closeFrame(), [1011, 'ERR_HANDLER'])
  peer.text('x')
  await peer.closed()
  assert.deepEqual((await wire.server.stats()).failures, { ERR_HANDLER: 1 })
})

function fail(): never {
  throw new Error('meant')
}

test('typed messages: validated in both directions', async () => {
  const Chat = contract({
    in: z.object({ text: z.string() }),
    out: z.object({ text: z.string().max(5) }),
  })
  const calls: string[] = []
  class Typed extends WebSocketHandler<typeof Chat> {
    static override readonly contract = Chat
    async onMessage({ text }: In<typeof Chat>): Promise<void> {
      calls.push(text)
      await this.write({ text })
    }
  }
  await using wire = await wireServer('memory', { routes: { '/': handler(Typed) } })
  const peer = await wire.connect()
  peer.text('{"text":7}')
  assert.match((await peer.message()) as string, /ERR_MESSAGE_INVALID/)
  peer.text('{"text":"fine"}')
  assert.equal(await peer.message(), '{"text":"fine"}')
  peer.text('{"text":"longer than five"}')
  assert.deepEqual(await peer.closeFrame(), [1011, 'ERR_HANDLER'])
  assert.deepEqual(calls, ['fine', 'longer than five'])
})

test('a message that the contract does not let out is noticed without an await too', async () => {
  const Chat = contract({ in: z.string(), out: z.string().max(3) })
  class Careless extends WebSocketHandler<typeof Chat> {
    static override readonly contract = Chat
    onMessage(message: string): void {
      void this.write(message)
    }
  }
  await using wire = await wireServer('memory', { routes: { '/': handler(Careless) } })
  const peer = await wire.connect()
  peer.text('"abcd"')
  assert.deepEqual(await peer.closeFrame(), [1011, 'ERR_HANDLER'])
})

test('a route of a class is told apart by its statics: deflate, limits, and no contract', () => {
  class Compressing extends Silent {
    static override readonly deflate = { level: 1 }
    static override readonly limits = { messageBytes: 9 }
  }
  const route = handler(Compressing)
  assert.deepEqual(route.deflate, { level: 1 })
  assert.deepEqual(route.limits, { messageBytes: 9 })
  assert.equal(route.model, 'callbacks')
  assert.ok(Object.isFrozen(route) && Object.isFrozen(route.behavior))
})
