// The threads model, on a server. Its three properties come first, each as a test of its name: `for (;;) {}` delays
// nobody, `recv` blocks, threads are bounded. What does not depend on the engine is in threads-on-node.test.ts.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { wireFrame } from 'holdline/testing'
import type { WirePeer } from 'holdline/testing'
import { threads } from 'holdline/threads'
import { wireEngines } from '../../server/wire-server.ts'
import { Sum } from './sessions/typed.ts'
import {
  canary,
  closedWith,
  echoes,
  ThreadStand,
  threadStand,
  untilAccepted,
} from './thread-stand.ts'
import { numbers } from '../messages.ts'

for (const engine of wireEngines) {
  describe(`threads on the ${engine} engine`, () => {
    test('for (;;) {} in one handler delays nobody: another connection is answered meanwhile', async () => {
      await using stand = await threadStand(engine, { graceMs: 10 })
      const spinning = await stand.connect('/?task=spin')
      assert.equal(await spinning.message(), 'spinning')
      const other = await stand.connect('/')
      for (const message of numbers(100)) await echoes(other, message)
      // The core, too, answers for the handler that does not.
      spinning.ping('there?')
      assert.equal((await spinning.frame()).opcode, 10)
      await other.leave()
      spinning.cut()
      assert.equal((await stand.report()).error.code, 'ERR_THREAD_GRACE')
    })

    test('recv blocks its thread until a message has come, and gives it', async () => {
      await using stand = await threadStand(engine)
      const peer = await stand.connect('/?task=blocked')
      assert.equal(await peer.message(), 'ready')
      const since = performance.now()
      await stand.until('some time to pass', () => performance.now() - since > 50)
      peer.text('at last')
      const told = JSON.parse(String(await peer.message())) as Record<string, unknown>
      assert.deepEqual([told['message'], told['timerRan']], ['at last', false])
      assert.ok((told['blockedMs'] as number) > 40)
      await closedWith(peer, 1000)
    })

    test('threads are bounded: a request beyond maxThreads is refused with 503 and a code', async () => {
      await using stand = await threadStand(engine, { maxThreads: 2 })
      const [one, two] = [await stand.connect('/'), await stand.connect('/')]
      const third = await stand.dial('/')
      await third.closed()
      assert.equal(third.status, 503)
      assert.equal(third.header('retry-after'), '1')
      await echoes(one, 'one')
      await echoes(two, 'two')
      await one.leave()
      // The thread is free when its handler has returned, a moment after the line has gone.
      await stand.until('the handler to return', () => stand.words[2] === 1)
      const again = await untilAccepted(stand)
      await echoes(again, 'again')
    })

    test('threads are bounded: many requests at once do not pass maxThreads together', async () => {
      await using stand = await threadStand(engine, { maxThreads: 2 })
      const peers = await Promise.all(numbers(6).map(() => stand.dial('/')))
      await Promise.all(peers.map((peer) => peer.answered()))
      const statuses = peers.map(({ status }) => status)
      assert.deepEqual(
        statuses.toSorted((a, b) => a - b),
        [101, 101, 503, 503, 503, 503],
      )
    })

    test('messages keep their order, text and bytes of any length', async () => {
      await using stand = await threadStand(engine, { ringBytes: 1_024 })
      const peer = await stand.connect('/')
      const sent = Array.from({ length: 300 }, (_, i) => {
        const text = `${i} ${'é'.repeat((i * 37) % 700)}`
        return i % 2 === 0 ? text : new Uint8Array(Buffer.from(text))
      })
      for (const message of sent) {
        if (typeof message === 'string') peer.text(message)
        else peer.binary(message)
      }
      const got = await peer.messages(sent.length)
      assert.deepEqual(
        got.map((message) => (typeof message === 'string' ? message : new Uint8Array(message))),
        sent,
      )
      peer.text('')
      assert.equal(await peer.message(), '')
    })

    test('a message of 1 MiB goes through a ring of 64 KiB in parts, both ways', async () => {
      await using stand = await threadStand(engine)
      const peer = await stand.connect('/')
      const bytes = Buffer.alloc(1_048_576)
      for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7) ^ (i >> 8)
      for (let i = 0; i < 3; i++) {
        peer.binary(bytes)
        assert.ok(bytes.equals((await peer.message()) as Uint8Array))
      }
      await echoes(peer, '€'.repeat(300_000))
    })

    test('the client closes: recv gives null, after the messages that came before, and says how', async () => {
      await using stand = await threadStand(engine)
      const peer = await stand.connect('/?task=add')
      peer.raw(...numbers(100).map((text) => wireFrame(1, text)))
      await peer.leave()
      await stand.until('the handler to return', () => stand.words[2] === 1)
      assert.equal(stand.words[0], 100)
      const told = await stand.connect('/?task=end')
      told.close(4321, 'enough')
      await closedWith(told, 4321)
      await stand.until('the handler to return', () => stand.words[2] === 2)
      assert.deepEqual([stand.words[0], stand.words[1]], [4321, 1])
    })

    test('the line breaks: recv gives null and the code is 1006', async () => {
      await using stand = await threadStand(engine)
      const peer = await stand.connect('/?task=end')
      peer.cut()
      await stand.until('the handler to return', () => stand.words[2] === 1)
      assert.deepEqual([stand.words[0], stand.words[1]], [1006, 1])
    })

    test('the handler closes: the code goes out behind what was sent, and nothing more comes or goes', async () => {
      await using stand = await threadStand(engine)
      const peer = await stand.connect('/?task=close')
      assert.equal(await peer.message(), 'last')
      assert.equal(await closedWith(peer, 4000), 'bye')
      await stand.until('the handler to hear of it', () => stand.words[0] === 1)
    })

    test('the handler returns: the connection is closed with 1000', async () => {
      await using stand = await threadStand(engine)
      const peer = await stand.connect('/?task=answer-and-return')
      await echoes(peer, 'only this')
      await closedWith(peer, 1000)
    })

    test('a handler that throws: 1011 and a report with its stack and cause; the thread serves the next', async () => {
      await using stand = await threadStand(engine)
      const peer = await stand.connect('/?task=throw')
      const id = await peer.message()
      peer.text('now')
      assert.equal(await closedWith(peer, 1011), 'ERR_HANDLER')
      const { error } = await stand.report()
      assert.equal(error.name, 'TypeError')
      assert.equal(error.message, 'on purpose')
      assert.match(error.stack!, /tasks\.ts/)
      assert.equal((error.cause as Error).message, 'the reason')
      await canary(stand)
      const next = await stand.connect('/?task=thread-id')
      assert.equal(await next.message(), id)
      const text = await stand.connect('/?task=throw-text')
      await closedWith(text, 1011)
      assert.match((await stand.report()).error.message, /just text/)
    })

    test('process.exit in a handler ends its own connection with 1011, behind what it had sent', async () => {
      await using stand = await threadStand(engine)
      const other = await stand.connect('/')
      const peer = await stand.connect('/?task=exit')
      assert.equal(await peer.message(), 'before')
      peer.text('now')
      await closedWith(peer, 1011)
      const { error } = await stand.report()
      assert.equal(error.code, 'ERR_THREAD_EXITED')
      assert.match(error.message, /exit code 3/)
      await echoes(other, 'still here')
    })

    test('a handler that does not return after the end is stopped, and its thread makes room', async () => {
      await using stand = await threadStand(engine, { maxThreads: 1, graceMs: 20 })
      const peer = await stand.connect('/?task=stubborn')
      await peer.leave()
      const { error } = await stand.report()
      assert.equal(error.code, 'ERR_THREAD_GRACE')
      const next = await untilAccepted(stand)
      await echoes(next, 'there is room')
    })

    test('a handler that takes no messages holds its line back, and nothing is lost', async () => {
      await using stand = await threadStand(engine, { ringBytes: 4_096 })
      const peer = await stand.connect('/?task=slow')
      assert.equal(await peer.message(), 'ready')
      const sent = numbers(2_000).map((text) => `${text} ${'x'.repeat(100)}`)
      for (const text of sent) peer.text(text)
      await canary(stand)
      const { routes } = await stand.server.stats()
      assert.ok(routes[0]!.messagesReceived < 200, `${routes[0]!.messagesReceived} were taken`)
      Atomics.store(stand.words, 0, 1)
      Atomics.notify(stand.words, 0)
      assert.deepEqual(await peer.messages(sent.length), sent)
    })

    test('send blocks while the client does not read, and everything arrives in order when it does', async () => {
      await using stand = await threadStand(engine)
      const peer = await stand.connect('/?task=flood')
      peer.line.stopReading()
      let [before, since] = [0, performance.now()]
      await stand.until('send to block', () => {
        if (stand.words[0] !== before) since = performance.now()
        before = stand.words[0]!
        // A thread that the kernel makes wait for the others is not meant.
        return before > 0 && performance.now() - since > 150
      })
      // The high mark and a ring, 128 KiB together; the kernel has buffers of its own beside them.
      assert.ok(before < (engine === 'memory' ? 20 : 1_000), `${before} were taken`)
      await canary(stand)
      peer.line.startReading()
      for (let i = 0; i < 1_000; i++) {
        const message = (await peer.message()) as string
        assert.equal(message.slice(0, message.indexOf(' ')), String(i))
      }
      assert.equal(stand.words[0], 1_000)
      await echoes(peer, 'still open')
    })

    test('a long message behind others waits for room instead of passing the cap', async () => {
      await using stand = await threadStand(engine, { limits: { bufferedBytes: 1_000_000 } })
      const peer = await stand.connect('/?task=big-behind-small')
      peer.line.stopReading()
      peer.text('go')
      await canary(stand)
      peer.line.startReading()
      const lengths = (await peer.messages(6)).map(({ length }) => length)
      assert.deepEqual(lengths, [50_000, 1_000_000, 50_000, 1_000_000, 50_000, 1_000_000])
      await echoes(peer, 'still open')
    })

    test('sessions subscribe and publish: a room of threads', async () => {
      await using stand = await threadStand(engine)
      const rooms = ['tea', 'tea', 'coffee']
      const peers = await Promise.all(
        rooms.map((room) => stand.connect(`/?task=chat&room=${room}`)),
      )
      for (const peer of peers) assert.equal(await peer.message(), 'in')
      const [ann, bob, other] = peers as [WirePeer, WirePeer, WirePeer]
      ann.text('hello')
      for (const peer of [ann, bob]) assert.equal(await peer.message(), 'hello')
      other.text('alone')
      assert.equal(await other.message(), 'alone')
      bob.text('leave')
      assert.equal(await bob.message(), 'out')
      ann.text('anybody?')
      assert.equal(await ann.message(), 'anybody?')
      await bob.leave()
      assert.equal(await ann.message(), 'somebody left')
    })

    test('a contract is validated in the thread, both ways', async () => {
      const url = new URL('./sessions/typed.ts', import.meta.url)
      await using stand = await ThreadStand.of(engine, { '/': threads(Sum, url) })
      const peer = await stand.connect('/')
      peer.text('{"add":[1,2]}')
      assert.equal(await peer.message(), '{"sum":3}')
      peer.text('{"add":["1"]}')
      assert.match(String(await peer.message()), /^\{"error":\{"code":"ERR_MESSAGE_INVALID"/)
      peer.binary(new Uint8Array(3))
      assert.match(String(await peer.message()), /^\{"error":\{"code":"ERR_MESSAGE_INVALID"/)
      peer.text('{"add":[-1]}')
      await closedWith(peer, 1011)
      assert.equal((await stand.report()).error.code, 'ERR_MESSAGE_OUT_INVALID')
    })

    test('the server closes: handlers that wait in recv return', async () => {
      const stand = await threadStand(engine)
      const peers = await Promise.all(numbers(3).map(() => stand.connect('/?task=end')))
      const closing = stand.server.close({ graceMs: 5_000 })
      for (const peer of peers) await closedWith(peer, 1001)
      await stand.settled(closing)
      await stand.until('all handlers to return', () => stand.words[2] === 3)
    })
  })
}
