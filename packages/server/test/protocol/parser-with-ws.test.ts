// The parser against another implementation: the receiver of `ws`, over the same random streams.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import type { Writable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { errorCatalogue, type ErrorCode } from '../../src/protocol/errors.ts'
import { FrameParser, type Role } from '../../src/protocol/parser.ts'
import { chunkings, cutsOf, frameStreams } from './frame-stream.ts'
import { joined, rawFrame } from './raw-frame.ts'
import { feed, hex, RecordingSink, unhex } from './recording-sink.ts'

interface ReceiverOptions {
  isServer: boolean
  maxPayload: number
}
// The types of ws leave its receiver out.
const { Receiver } = createRequire(import.meta.url)('ws') as {
  Receiver: new (options: ReceiverOptions) => Writable
}

const maxMessageBytes = 70_000
/** Above it ws, which keeps every chunk, takes seconds. */
const longestInOctets = 2000

/** Refuses and delivers as ws does; `write` has said all of it before it returns. */
class WsParser {
  readonly calls: string[] = []
  readonly #receiver: Writable

  constructor(role: Role) {
    const receiver = new Receiver({ isServer: role === 'server', maxPayload: maxMessageBytes })
    receiver.on('message', (data: Uint8Array, isBinary: boolean) => {
      this.calls.push(`${isBinary ? 'binary' : 'text'} ${hex(data)}`)
    })
    receiver.on('ping', (data: Uint8Array) => this.calls.push(`ping ${hex(data)}`))
    receiver.on('pong', (data: Uint8Array) => this.calls.push(`pong ${hex(data)}`))
    receiver.on('conclude', (code: number, reason: Buffer) => {
      this.calls.push(`close ${code} ${reason.toString()}`)
    })
    receiver.on('error', () => {})
    this.#receiver = receiver
  }

  write(bytes: Uint8Array): void {
    if (this.#receiver.writable) this.#receiver.write(Buffer.from(bytes))
  }

  /** The close code of the refusal; null when there was none. */
  get refusal(): number | null {
    const error = this.#receiver.errored as (Error & Record<symbol, number>) | null
    if (!error) return null
    const name = Object.getOwnPropertySymbols(error).find(
      ({ description }) => description === 'status-code',
    )
    if (name === undefined) throw error
    return error[name]!
  }
}

/** What the two parsers say about the same bytes. */
interface Outcomes {
  calls: string[]
  refusal: ErrorCode | null
  wsCalls: string[]
  wsRefusal: number | null
}

function parseTwice(role: Role, bytes: Uint8Array, cuts: readonly number[]): Outcomes {
  const sink = new RecordingSink()
  const parser = new FrameParser({ role, maxMessageBytes })
  feed(parser, sink, bytes, cuts)
  const ws = new WsParser(role)
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    ws.write(bytes.slice(from, cut))
    from = cut
  }
  // One of them refuses a header with fewer octets than the other: what is missing of it is given.
  const rest = new Uint8Array(16)
  if (sink.calls.at(-1)?.startsWith('refused') && ws.refusal === null) ws.write(rest)
  else if (ws.refusal !== null && !sink.halted) feed(parser, sink, rest)
  const last = sink.calls.at(-1)
  const isRefused = last?.startsWith('refused ') === true
  return {
    calls: isRefused ? sink.calls.slice(0, -1) : sink.calls,
    refusal: isRefused ? (last.slice('refused '.length) as ErrorCode) : null,
    wsCalls: ws.calls,
    wsRefusal: ws.refusal,
  }
}

test('RFC 6455 §5: valid streams lead to the same calls', () => {
  fc.assert(
    fc.property(frameStreams(), chunkings, ({ role, bytes }, [seeds, everyOctet]) => {
      const cuts = cutsOf(bytes.length, seeds, everyOctet && bytes.length <= longestInOctets)
      const { calls, refusal, wsCalls, wsRefusal } = parseTwice(role, bytes, cuts)
      assert.deepEqual(calls, wsCalls)
      assert.equal(refusal, null)
      assert.equal(wsRefusal, null)
    }),
    { numRuns: 300 },
  )
})

/** Flips bits in headers mostly. */
const damages = fc.array(
  fc.record({
    frame: fc.nat(),
    octet: fc.oneof({ weight: 3, arbitrary: fc.nat(1) }, { weight: 2, arbitrary: fc.nat() }),
    bit: fc.nat(7),
  }),
  { minLength: 1, maxLength: 2 },
)

test('RFC 6455 §7.1.7: damaged streams lead to the same calls and are refused with the same code', () => {
  let refused = 0
  fc.assert(
    fc.property(
      frameStreams(),
      damages,
      chunkings,
      ({ role, frames }, damages, [seeds, everyOctet]) => {
        const pieces = frames.map(({ bytes }) => bytes.slice())
        for (const { frame, octet, bit } of damages) {
          const piece = pieces[frame % (pieces.length || 1)]
          if (piece !== undefined) piece[octet % piece.length]! ^= 1 << bit
        }
        const bytes = joined(pieces)
        const cuts = cutsOf(bytes.length, seeds, everyOctet && bytes.length <= longestInOctets)
        const { calls, refusal, wsCalls, wsRefusal } = parseTwice(role, bytes, cuts)
        if (refusal !== null) refused++
        // ws takes lengths in any form, where RFC 6455 §5.2 has a MUST.
        if (refusal === 'ERR_FRAME_LENGTH_NOT_MINIMAL') return
        if (refusal === 'ERR_MESSAGE_UTF8' && wsRefusal !== 1007) {
          // ws looks at the whole text only: until it has come, control frames go on.
          assert.deepEqual(wsCalls.slice(0, calls.length), calls)
          const more = wsCalls.slice(calls.length)
          assert.deepEqual(
            more.filter((call) => /^(text|binary)/.test(call)),
            [],
          )
          return
        }
        if (refusal === 'ERR_MESSAGE_UTF8') assert.deepEqual(wsCalls.slice(0, calls.length), calls)
        else assert.deepEqual(wsCalls, calls)
        // ws says of the forbidden top bit of a length that this is too big.
        if (refusal === 'ERR_FRAME_LENGTH_TOP_BIT') assert.equal(wsRefusal, 1009)
        else assert.equal(refusal && errorCatalogue[refusal].closeCode, wsRefusal)
      },
    ),
    { numRuns: 1000 },
  )
  assert.ok(refused > 200, `only ${refused} streams were refused`)
})

test('RFC 6455 §8.1: the same texts are accepted, in one frame or in two', () => {
  const octets = fc.constantFrom(0x00, 0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf)
  const leads = fc.constantFrom(0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff)
  const text = fc
    .array(fc.oneof(octets, leads), { maxLength: 5 })
    .map((list) => Uint8Array.from(list))
  const mask = unhex('37fa213d')
  fc.assert(
    fc.property(text, fc.nat(5), (text, cut) => {
      const whole = rawFrame({ opcode: 1, payload: text, mask })
      const halves = [
        rawFrame({ opcode: 1, payload: text.subarray(0, cut), final: false, mask }),
        rawFrame({ opcode: 0, payload: text.subarray(cut), mask }),
      ]
      for (const bytes of [whole, joined(halves)]) {
        const { calls, refusal, wsCalls, wsRefusal } = parseTwice('server', bytes, [])
        assert.deepEqual(calls, wsCalls)
        assert.equal(refusal === 'ERR_MESSAGE_UTF8', wsRefusal === 1007)
      }
    }),
    { numRuns: 1500 },
  )
})

test('a message of more fragments than ws allows by default is taken', () => {
  const count = 20_000
  const one = Uint8Array.of(0x61)
  const frames = Array.from({ length: count }, (_, index) =>
    rawFrame({ opcode: index === 0 ? 1 : 0, payload: one, final: index === count - 1 }),
  )
  const { calls, wsCalls } = parseTwice('client', joined(frames), [])
  assert.deepEqual(calls, [`text ${'61'.repeat(count)}`])
  // Its receiver alone has no such cap: it is set where ws opens a connection.
  assert.deepEqual(wsCalls, calls)
})
