// The callbacks model as plain functions: order, backpressure, failures. Each property of Twisted and of the
// browser that it keeps is a test named after it; those of Tornado stand beside the class, in
// websocket-handler.test.ts.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Connection } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import type { CallbackHandlers } from 'holdline/callbacks'
import { wireFrame } from 'holdline/testing'
import { wireEngines, wireServer } from '../../server/wire-server.ts'
import type { WireEngine, WireServer } from '../../server/wire-server.ts'
import { besideCanary, canary, rejections } from '../canary.ts'
import { gate, tick } from '../gate.ts'
import { numbers, texts } from '../messages.ts'

async function rejected(message: string): Promise<void> {
  await tick()
  throw new Error(message)
}

const echo = callbacks({ message: (c, data) => void c.send(data) })

function served<Data = undefined>(
  engine: WireEngine,
  handlers: CallbackHandlers<Data>,
): Promise<WireServer> {
  return besideCanary(engine, callbacks(handlers), echo)
}

for (const engine of wireEngines) {
  describe(`callbacks on the ${engine} engine`, () => {
    test('Twisted: connectionMade, then dataReceived in any chunking, byte by byte too, then connectionLost once', async () => {
      const calls: string[] = []
      await using wire = await served(engine, {
        open: () => void calls.push('open'),
        message: (_, data) => void calls.push(`message ${data as string}`),
        close: (_, code) => void calls.push(`close ${code}`),
      })
      const peer = await wire.connect()
      const stream = Buffer.concat([texts('one', 'two', 'three'), wireFrame(8, '')])
      for (const octet of stream) {
        peer.raw(Uint8Array.of(octet))
        if (engine === 'memory') await wire.pass(1)
      }
      assert.deepEqual(await peer.closeFrame(), [null, ''])
      await peer.closed()
      await wire.until('close', () => calls.length === 5)
      assert.deepEqual(calls, ['open', 'message one', 'message two', 'message three', 'close 1005'])
    })

    test('Twisted: connectionLost comes once, whoever ends the line and however', async () => {
      const ways: Record<string, (c: Connection<undefined>) => void> = {
        close: (c) => c.close(1000),
        terminate: (c) => c.terminate(),
        'close, then terminate': (c) => {
          c.close(1000)
          c.terminate()
        },
        'a throw': () => {
          throw new Error('meant')
        },
      }
      const closes: string[] = []
      await using wire = await served(engine, {
        limits: { closeMs: 100 },
        message: (c, way) => ways[way as string]!(c),
        close: (c) => void closes.push(String(c.id)),
      })
      let expected = 0
      for (const way of Object.keys(ways)) {
        const peer = await wire.connect()
        peer.text(way)
        await peer.closed()
        expected++
        await wire.until(`close after ${way}`, () => closes.length >= expected)
        assert.equal(closes.length, expected)
      }
      assert.equal(new Set(closes).size, closes.length)
      await canary(wire)
    })

    test('Twisted: resumeProducing only balances an earlier pauseProducing', async () => {
      const seen: string[] = []
      let connection: Connection<undefined> | null = null
      await using wire = await served(engine, {
        message: (c, data) => {
          connection = c
          seen.push(data as string)
          // Twice is once, and a resume without a pause is nothing.
          if (data === '0') c.resume()
          if (data === '1') {
            c.pause()
            c.pause()
          }
        },
      })
      const peer = await wire.connect()
      peer.raw(texts('0', '1', '2', '3'))
      await wire.until('the pause', () => seen.length === 2)
      await wire.pass(20)
      assert.deepEqual(seen, ['0', '1'])
      connection!.resume()
      await wire.until('the rest', () => seen.length === 4)
      assert.deepEqual(seen, ['0', '1', '2', '3'])
    })

    test("Twisted: a program's pause and that of a slow handler are two; each resumes its own", async () => {
      const seen: string[] = []
      const first = gate()
      let connection: Connection<undefined> | null = null
      await using wire = await served(engine, {
        message: async (c, data) => {
          connection = c
          seen.push(data as string)
          if (data !== '0') return
          c.pause()
          await first.passed
        },
      })
      const peer = await wire.connect()
      peer.raw(texts(...numbers(40)))
      await wire.until('the first message', () => seen.length === 1)
      first.open()
      await wire.pass(20)
      assert.deepEqual(seen, ['0'])
      connection!.resume()
      await wire.until('the rest', () => seen.length === 40)
      assert.deepEqual(seen, numbers(40))
    })

    test('Node/XHR: synchronous handlers run at once, one after the other, in order of arrival', async () => {
      const calls: string[] = []
      await using wire = await served(engine, {
        message: (_, data) => {
          calls.push(`begin ${data as string}`)
          queueMicrotask(() => calls.push(`micro ${data as string}`))
          calls.push(`end ${data as string}`)
        },
      })
      const peer = await wire.connect()
      peer.raw(texts('a', 'b'))
      await wire.until('both', () => calls.length === 6)
      assert.deepEqual(calls.slice(0, 4), ['begin a', 'end a', 'begin b', 'end b'])
    })

    test('Node/XHR: `error` without listener throws: here the failure closes the connection, and an operator reads it', async () => {
      const logged: unknown[] = []
      const logger = {
        info: () => {},
        warn: () => {},
        error: (...all: unknown[]) => void logged.push(all),
      }
      const cause = new Error('meant')
      await using wire = await wireServer(engine, {
        logger,
        routes: {
          '/': callbacks({
            message: () => {
              throw cause
            },
          }),
          '/canary': callbacks({ message: (c, data) => void c.send(data) }),
        },
      })
      const peer = await wire.connect()
      peer.text('x')
      assert.deepEqual(await peer.closeFrame(), [1011, 'ERR_HANDLER'])
      await peer.closed()
      assert.equal(logged.length, 1)
      assert.equal((logged[0] as unknown[])[1], cause)
      assert.equal((await wire.server.stats()).failures['ERR_HANDLER'], 1)
      await canary(wire)
    })

    test('asynchronous handlers finish in the order of their messages', async () => {
      const finished: string[] = []
      await using wire = await served(engine, {
        message: async (_, data) => {
          // Later messages would be ready sooner.
          for (let i = Number(data); i < 10; i++) await tick()
          finished.push(data as string)
        },
      })
      const peer = await wire.connect()
      peer.raw(texts(...numbers(10)))
      await wire.until('all', () => finished.length === 10)
      assert.deepEqual(finished, numbers(10))
    })

    test('messages wait for an asynchronous open, in order (K9)', async () => {
      const opening = gate()
      const calls: string[] = []
      await using wire = await served(engine, {
        open: async () => {
          calls.push('open')
          await opening.passed
          calls.push('opened')
        },
        message: (_, data) => void calls.push(data as string),
      })
      const peer = await wire.dial('/', { behind: texts('0', '1') })
      await peer.answered()
      peer.raw(texts('2', '3'))
      await wire.until('open', () => calls.length === 1)
      await wire.pass(20)
      assert.deepEqual(calls, ['open'])
      opening.open()
      await wire.until('all', () => calls.length === 6)
      assert.deepEqual(calls, ['open', 'opened', '0', '1', '2', '3'])
    })

    test('messages that come during an asynchronous upgrade are held, in order (K9)', async () => {
      const judged = gate()
      const calls: string[] = []
      await using wire = await served(engine, {
        upgrade: async (request) => {
          calls.push('upgrade')
          await judged.passed
          return { data: request.path }
        },
        open: (c) => void calls.push(`open ${c.data}`),
        message: (_, data) => void calls.push(data as string),
      })
      const peer = await wire.dial('/', { behind: texts('0', '1') })
      await wire.until('upgrade', () => calls.length === 1)
      peer.raw(texts('2'))
      await wire.pass(20)
      assert.deepEqual(calls, ['upgrade'])
      judged.open()
      await peer.answered()
      peer.raw(texts('3'))
      await wire.until('all', () => calls.length === 6)
      assert.deepEqual(calls, ['upgrade', 'open /', '0', '1', '2', '3'])
    })

    test('a client that leaves during an asynchronous upgrade is never opened', async () => {
      const judged = gate()
      const calls: string[] = []
      await using wire = await served(engine, {
        limits: { connections: 1 },
        upgrade: async () => {
          calls.push('upgrade')
          await judged.passed
        },
        open: () => void calls.push('open'),
        close: () => void calls.push('close'),
      })
      const peer = await wire.dial('/')
      await wire.until('upgrade', () => calls.length === 1)
      peer.cut()
      await wire.until('the line to be gone', () => peer.isClosed)
      await wire.pass(20)
      judged.open()
      await wire.pass(20)
      assert.deepEqual(calls, ['upgrade'])
      // Its place is free again.
      await wire.connect('/')
      assert.deepEqual(calls, ['upgrade', 'upgrade', 'open'])
    })

    test('messages that came before the close frame are handled before close, which is last', async () => {
      const first = gate()
      const calls: string[] = []
      await using wire = await served(engine, {
        message: async (_, data) => {
          calls.push(`begin ${data as string}`)
          if (data === '0') await first.passed
          await tick()
          calls.push(`end ${data as string}`)
        },
        close: async (_, code, reason) => {
          await tick()
          calls.push(`close ${code} ${reason}`)
        },
      })
      const peer = await wire.connect()
      peer.raw(texts('0', '1', '2'))
      peer.close(4001, 'done')
      // K4: the close frame is answered while the first handler still runs.
      assert.deepEqual(await peer.closeFrame(), [4001, ''])
      await peer.closed()
      assert.deepEqual(calls, ['begin 0'])
      first.open()
      await wire.until('close', () => calls.length === 7)
      await wire.pass(20)
      assert.deepEqual(calls, [
        'begin 0',
        'end 0',
        'begin 1',
        'end 1',
        'begin 2',
        'end 2',
        'close 4001 done',
      ])
    })

    test('pings are answered while an asynchronous handler runs (K4)', async () => {
      const first = gate()
      await using wire = await served(engine, { message: () => first.passed })
      const peer = await wire.connect()
      peer.text('slow')
      peer.ping('there?')
      const pong = await peer.frame()
      assert.equal(pong.opcode, 10)
      assert.equal(Buffer.from(pong.payload).toString(), 'there?')
      first.open()
    })

    test('drain is called while an asynchronous handler waits for it', async () => {
      const drained = gate()
      let isDone = false
      await using wire = await served(engine, {
        limits: { bufferedBytes: 64 * 1_048_576 },
        message: async (c) => {
          // More than the buffers of any kernel.
          for (let i = 0; i < 16; i++) c.send(new Uint8Array(1_048_576))
          await drained.passed
          isDone = true
        },
        drain: () => drained.open(),
      })
      const peer = await wire.connect()
      peer.line.stopReading()
      peer.text('go')
      await wire.pass(20)
      assert.equal(isDone, false)
      peer.line.startReading()
      await wire.until('the handler to go on', () => isDone)
    })

    test('a rejected handler closes its connection with 1011 and touches no other', async () => {
      const calls: string[] = []
      await using wire = await served(engine, {
        message: async (_, data) => {
          await tick()
          calls.push(`message ${data as string}`)
          if (data === 'bad') throw new Error('meant')
        },
        error: (_, error) => void calls.push(`error ${(error as Error).message}`),
        close: (_, code, reason) => void calls.push(`close ${code} ${reason}`),
      })
      const peer = await wire.connect()
      peer.raw(texts('good', 'bad', 'behind'))
      assert.deepEqual(await peer.closeFrame(), [1011, 'ERR_HANDLER'])
      await peer.closed()
      await wire.until('close', () => calls.length === 4)
      await wire.pass(20)
      assert.deepEqual(calls, [
        'message good',
        'message bad',
        'error meant',
        'close 1011 ERR_HANDLER',
      ])
      await canary(wire)
    })

    for (const isAsync of [false, true]) {
      for (const which of ['open', 'message', 'drain', 'close'] as const) {
        const how = isAsync ? 'rejects' : 'throws'
        test(`${which} that ${how}: error is called once, the connection ends, the process goes on`, async () => {
          const errors: unknown[] = []
          let closes = 0
          const fail = (): void | Promise<void> => {
            if (isAsync) return rejected(which)
            throw new Error(which)
          }
          await using wire = await served(engine, {
            limits: { bufferedBytes: 64 * 1_048_576 },
            open: () => (which === 'open' ? fail() : undefined),
            message: (c) => {
              if (which === 'message') return fail()
              if (which !== 'drain') return undefined
              while (c.send(new Uint8Array(1_048_576)) === 'sent');
              return undefined
            },
            drain: () => (which === 'drain' ? fail() : undefined),
            close: () => {
              closes++
              return which === 'close' ? fail() : undefined
            },
            error: (_, error) => void errors.push((error as Error).message),
          })
          const peer = await wire.connect()
          if (which === 'close') peer.close(1000)
          else peer.text('x')
          await peer.closed()
          await wire.until('close and error', () => closes === 1 && errors.length === 1)
          await wire.pass(20)
          assert.deepEqual(errors, [which])
          assert.equal(closes, 1)
          assert.deepEqual((await wire.server.stats()).failures, { ERR_HANDLER: 1 })
          await canary(wire)
        })
      }
    }

    test('an error handler that throws changes nothing for others', async () => {
      await using wire = await served(engine, {
        message: async () => {
          throw new Error('meant')
        },
        error: () => {
          throw new Error('meant too')
        },
      })
      const peer = await wire.connect()
      peer.text('x')
      assert.deepEqual(await peer.closeFrame(), [1011, 'ERR_HANDLER'])
      await peer.closed()
      await canary(wire)
    })

    test('a slow handler holds the line back: what waits here is bounded', async () => {
      const first = gate()
      const seen: number[] = []
      await using wire = await served(engine, {
        message: async (_, data) => {
          seen.push(data.length)
          await first.passed
        },
      })
      const peer = await wire.connect()
      const chunk = wireFrame(2, new Uint8Array(16_384))
      const totalBytes = 64 * 1_048_576
      const count = Math.floor(totalBytes / chunk.length)
      for (let i = 0; i < count; i++) peer.raw(chunk)
      await wire.until('the first message', () => seen.length === 1)
      await wire.pass(100)
      const received = (await wire.server.stats()).routes[0]!.bytesReceived
      // The lane's 64 KiB, and what was read before the line was paused.
      assert.ok(received < 1_048_576, `${received} bytes were taken in`)
      first.open()
      await wire.until('all', () => seen.length === count)
      assert.ok(seen.every((length) => length === 16_384))
    })

    test('many small messages behind a slow handler: at most 17 are taken from the line', async () => {
      const first = gate()
      let seen = 0
      await using wire = await served(engine, {
        message: async () => {
          seen++
          await first.passed
        },
      })
      const peer = await wire.connect()
      peer.raw(texts(...numbers(5_000)))
      await wire.until('the first message', () => seen === 1)
      await wire.pass(20)
      const stats = await wire.server.stats()
      assert.equal(stats.routes[0]!.messagesReceived, 17)
      first.open()
      await wire.until('all', () => seen === 5_000)
    })

    test('bytes given to an async handler are its own, whether they had to wait or not (K8)', async () => {
      const first = gate()
      const kept: Uint8Array[] = []
      await using wire = await served(engine, {
        message: async (_, data) => {
          if (typeof data !== 'string') kept.push(data)
          else await first.passed
        },
      })
      const peer = await wire.connect()
      peer.raw(wireFrame(2, Uint8Array.of(1, 2)), texts('wait'), wireFrame(2, Uint8Array.of(3, 4)))
      await wire.pass(20)
      peer.raw(wireFrame(2, Uint8Array.of(5, 6)))
      await wire.pass(20)
      first.open()
      await wire.until('all', () => kept.length === 3)
      peer.raw(texts('overwrites what was received before'))
      await wire.pass(20)
      assert.deepEqual(kept, [Uint8Array.of(1, 2), Uint8Array.of(3, 4), Uint8Array.of(5, 6)])
    })

    test('bytes given to any other handler are borrowed until it returns (K8)', async () => {
      const kept: Uint8Array[] = []
      const copies: Uint8Array[] = []
      await using wire = await served(engine, {
        message: (_, data) => {
          kept.push(data as Uint8Array)
          copies.push((data as Uint8Array).slice())
        },
      })
      const peer = await wire.connect()
      peer.binary(Uint8Array.of(1, 2))
      peer.binary(Uint8Array.of(3, 4))
      await wire.until('both', () => kept.length === 2)
      assert.deepEqual(copies, [Uint8Array.of(1, 2), Uint8Array.of(3, 4)])
      // Said in the guide; the memory engine shows it by overwriting what it lent.
      if (engine === 'memory') assert.notDeepEqual(kept, copies)
    })
  })
}

test('whatever the delays, messages are handled one at a time, in order, between open and close', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.record({ isAsync: fc.boolean(), ticks: fc.nat(3) }), { maxLength: 40 }),
      fc.boolean(),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }),
      async (scheduler, messages, opensLate, chunking) => {
        const calls: string[] = []
        let running = 0
        const step = async (name: string, ticks: number): Promise<void> => {
          calls.push(name)
          assert.equal(++running, 1, 'two handlers at once')
          for (let i = 0; i < ticks; i++) await scheduler.schedule(Promise.resolve())
          running--
        }
        await using wire = await served('memory', {
          open: () => (opensLate ? step('open', 2) : void calls.push('open')),
          message: (_, data) => {
            const index = Number(data)
            const { isAsync, ticks } = messages[index]!
            if (isAsync) return step(String(index), ticks)
            assert.equal(running, 0, 'two handlers at once')
            calls.push(String(index))
            return undefined
          },
          close: () => step('close', 1),
        })
        const peer = await wire.connect()
        const stream = Buffer.concat([texts(...numbers(messages.length)), wireFrame(8, '')])
        for (let at = 0, i = 0; at < stream.length; i++) {
          const bytes = chunking[i % chunking.length]!
          peer.raw(stream.subarray(at, at + bytes))
          at += bytes
        }
        peer.end()
        const expected = ['open', ...numbers(messages.length), 'close']
        while (calls.length < expected.length || running > 0) {
          await wire.pass(1)
          await scheduler.waitIdle()
        }
        assert.deepEqual(calls, expected)
      },
    ),
    { numRuns: 60 },
  )
  assert.deepEqual(rejections, [])
})
