import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ErrorCode } from '../../src/protocol/errors.ts'
import { HoldlineError } from '../../src/protocol/errors.ts'
import { FrameParser, type MessageInflater, type Role } from '../../src/protocol/parser.ts'
import { fakeInflater } from './frame-stream.ts'
import { joined, rawFrame, type RawFrame } from './raw-frame.ts'
import { feed, hex, RecordingSink, unhex } from './recording-sink.ts'

const maxMessageBytes = 1000

function parserOf(role: Role = 'server', limit: number = maxMessageBytes): FrameParser {
  return new FrameParser({ role, maxMessageBytes: limit })
}

/** A masked frame from hexadecimal digits. */
function masked(opcode: number, payload: string, more: Partial<RawFrame> = {}): Uint8Array {
  return rawFrame({ opcode, payload: unhex(payload), mask: unhex('37fa213d'), ...more })
}

/** The calls for `bytes`, which must be the same for the whole and for octet by octet. */
function callsFor(bytes: Uint8Array, inflater: MessageInflater | null = null): string[] {
  const whole = new RecordingSink(inflater)
  feed(parserOf(), whole, bytes)
  const octets = new RecordingSink(inflater)
  feed(parserOf(), octets, bytes, [...bytes.keys()])
  assert.deepEqual(octets.calls, whole.calls)
  return whole.calls
}

describe('RFC 6455 §5.7: the examples', () => {
  const examples: [string, Role, string, string[]][] = [
    ['an unmasked text message', 'client', '81 05 48656c6c6f', ['text 48656c6c6f']],
    ['a masked one', 'server', '81 85 37fa213d 7f9f4d5158', ['text 48656c6c6f']],
    ['a fragmented one', 'client', '01 03 48656c 80 02 6c6f', ['text 48656c6c6f']],
    ['an unmasked ping', 'client', '89 05 48656c6c6f', ['ping 48656c6c6f']],
    ['its masked pong', 'server', '8a 85 37fa213d 7f9f4d5158', ['pong 48656c6c6f']],
    ['256 bytes', 'client', `82 7e 0100 ${'ab'.repeat(256)}`, [`binary ${'ab'.repeat(256)}`]],
  ]
  for (const [name, role, bytes, calls] of examples) {
    test(name, () => {
      const sink = new RecordingSink()
      feed(parserOf(role), sink, unhex(bytes))
      assert.deepEqual(sink.calls, calls)
      assert.equal(sink.reading, null)
    })
  }

  test('64 KiB', () => {
    const sink = new RecordingSink()
    const bytes = unhex(`82 7f 0000000000010000 ${'cd'.repeat(65_536)}`)
    feed(parserOf('client', 65_536), sink, bytes)
    assert.deepEqual(sink.calls, [`binary ${'cd'.repeat(65_536)}`])
  })
})

describe('RFC 6455 §5.3: payloads are unmasked in place', () => {
  test('a whole frame is handed over where it lies, and nothing around it changes', () => {
    const frame = masked(2, '0102030405')
    const bytes = joined([unhex('ffffff'), frame, unhex('8101')])
    const sink = new RecordingSink()
    let handedOver: unknown[] = []
    sink.onMessage = (...call) => void (handedOver = call)
    const end = 3 + frame.length
    assert.equal(parserOf().parse(sink, bytes, 3, end), end)
    assert.equal(handedOver[0], bytes)
    assert.deepEqual(handedOver.slice(1), [9, 14, false])
    assert.equal(hex(bytes), 'ffffff828537fa213d01020304058101')
  })

  test('octets behind the end are not looked at', () => {
    for (const length of [1, 2, 3, 5]) {
      const bytes = unhex('82 ff ffffffffffffffff ffffffff')
      const sink = new RecordingSink()
      const end = Math.min(length, 2)
      assert.equal(parserOf().parse(sink, bytes, 0, end), end)
      assert.deepEqual(sink.calls, [])
      assert.equal(sink.reading!.headerLength, end)
    }
  })
})

describe('RFC 6455 §5.4: fragments', () => {
  test('empty ones, first, between and last', () => {
    const frames = [
      masked(1, '', { final: false }),
      masked(0, '', { final: false }),
      masked(0, '6162', { final: false }),
      masked(0, '', { final: false }),
      masked(0, ''),
    ]
    assert.deepEqual(callsFor(joined(frames)), ['text 6162'])
  })

  test('a message of nothing but empty ones', () => {
    for (const opcode of [1, 2]) {
      const frames = [masked(opcode, '', { final: false }), masked(0, '')]
      assert.deepEqual(callsFor(joined(frames)), [opcode === 1 ? 'text ' : 'binary '])
    }
  })

  test('control frames between them are handed over at once', () => {
    const frames = [
      masked(2, '01', { final: false }),
      masked(9, '70'),
      masked(0, '02', { final: false }),
      masked(10, ''),
      masked(9, ''),
      masked(0, '03'),
    ]
    const calls = ['ping 70', 'pong ', 'ping ', 'binary 010203']
    assert.deepEqual(callsFor(joined(frames)), calls)
  })

  test('a close frame between them comes through', () => {
    const frames = [masked(2, '01', { final: false }), masked(8, '03e8 627965')]
    assert.deepEqual(callsFor(joined(frames)), ['close 1000 bye'])
  })

  test('a message after a fragmented one starts from nothing', () => {
    const frames = [
      masked(2, 'ff', { final: false }),
      masked(0, 'fe'),
      masked(1, '61', { final: false }),
      masked(0, '62'),
      masked(2, '03'),
    ]
    assert.deepEqual(callsFor(joined(frames)), ['binary fffe', 'text 6162', 'binary 03'])
  })
})

describe('RFC 6455 §5.5.1: close', () => {
  test('without a payload it is code 1005', () => {
    assert.deepEqual(callsFor(masked(8, '')), ['close 1005 '])
  })

  test('a code and a reason of 123 bytes', () => {
    const frame = masked(8, `0f9f${'78'.repeat(123)}`)
    assert.deepEqual(callsFor(frame), [`close 3999 ${'x'.repeat(123)}`])
  })

  test('what follows is not parsed when the sink halts', () => {
    const bytes = joined([masked(8, ''), masked(2, '01')])
    const sink = new RecordingSink()
    assert.equal(parserOf().parse(sink, bytes, 0, bytes.length), 6)
    assert.deepEqual(sink.calls, ['close 1005 '])
  })
})

describe('RFC 6455 §8.1: text is refused at the first octet that is wrong', () => {
  /** How many octets of `bytes` it takes until the parser refuses, one by one. */
  function refusedAt(bytes: Uint8Array): number {
    const sink = new RecordingSink()
    const parser = parserOf()
    for (let i = 0; i < bytes.length; i++) {
      parser.parse(sink, bytes.slice(i, i + 1), 0, 1)
      if (sink.halted) {
        assert.deepEqual(sink.calls, ['refused ERR_MESSAGE_UTF8'])
        return i + 1
      }
    }
    return -1
  }
  const mask = unhex('00000000')

  test('within a frame of which more is to come', () => {
    const texts: [string, number][] = [
      ['6162 ff 6364', 3],
      ['f4908080', 2],
      ['eda080', 2],
      ['c3 28', 2],
      ['e282 61', 3],
      [`${'61'.repeat(100)} 80 ${'61'.repeat(10)}`, 101],
    ]
    for (const [text, octets] of texts) {
      assert.equal(refusedAt(masked(1, text, { mask })), 6 + octets, text)
    }
  })

  test('a part of a frame that came at once is refused before the rest comes', () => {
    const frame = masked(1, `6162ff${'61'.repeat(200)}`)
    const sink = new RecordingSink()
    feed(parserOf(), sink, frame.slice(0, 50))
    assert.deepEqual(sink.calls, ['refused ERR_MESSAGE_UTF8'])
  })

  test('in a fragment before the last, also where a character was begun in the one before', () => {
    const first = masked(1, '61 e2', { final: false })
    const second = masked(0, '82 28 61', { final: false })
    assert.equal(refusedAt(joined([first, second])), first.length + 6 + 2)
    const sink = new RecordingSink()
    feed(parserOf(), sink, joined([first, second, masked(0, 'ac'), masked(9, '')]))
    assert.deepEqual(sink.calls, ['refused ERR_MESSAGE_UTF8'])
  })

  test('a text that ends within a character is refused when it ends', () => {
    assert.equal(refusedAt(masked(1, '61 e282', { mask })), 6 + 3)
    const first = masked(1, '61 e2', { final: false })
    assert.equal(refusedAt(joined([first, masked(0, '82')])), first.length + 7)
    assert.equal(refusedAt(joined([first, masked(0, '')])), first.length + 6)
    assert.deepEqual(callsFor(joined([first, masked(0, '')])), ['refused ERR_MESSAGE_UTF8'])
  })

  test('a character may be split over fragments with a control frame between', () => {
    const frames = [
      masked(1, 'f0', { final: false }),
      masked(9, 'ff'),
      masked(0, '9f98', { final: false }),
      masked(0, '', { final: false }),
      masked(0, '80'),
    ]
    assert.deepEqual(callsFor(joined(frames)), ['ping ff', 'text f09f9880'])
  })

  test('binary messages and pings may hold anything', () => {
    const frames = [masked(2, 'ff80'), masked(2, 'fe', { final: false }), masked(0, 'c0')]
    const calls = ['binary ff80', 'binary fec0', 'ping ff']
    assert.deepEqual(callsFor(joined([...frames, masked(9, 'ff')])), calls)
  })
})

describe('RFC 7692 §6: RSV1 and the inflater', () => {
  /** Writes down what it was given. */
  class Inflater implements MessageInflater {
    readonly given: [string, number][] = []

    inflate(bytes: Uint8Array, maxBytes: number): Uint8Array {
      this.given.push([hex(bytes), maxBytes])
      return fakeInflater.inflate(bytes, maxBytes)
    }
  }
  const compressed = { reserved: 4 }
  const inParts = (opcode: number, first: string, last: string): Uint8Array =>
    joined([masked(opcode, first, { ...compressed, final: false }), masked(0, last)])

  test('a message in one frame is inflated, with the limit', () => {
    const inflater = new Inflater()
    feed(parserOf(), new RecordingSink(inflater), masked(1, '3433', compressed))
    assert.deepEqual(inflater.given, [['3433', maxMessageBytes]])
    assert.deepEqual(callsFor(masked(1, '3433', compressed), inflater), ['text 6166'])
  })

  test('a message in fragments is inflated as a whole', () => {
    const inflater = new Inflater()
    feed(parserOf(), new RecordingSink(inflater), inParts(2, '01', '0203'))
    assert.deepEqual(inflater.given, [['010203', maxMessageBytes]])
    assert.deepEqual(callsFor(inParts(2, '01', '0203'), inflater), ['binary 545756'])
  })

  test('a message without RSV1 is not, and text is checked when it has been inflated', () => {
    const inflater = new Inflater()
    const bytes = joined([masked(1, '61'), inParts(1, 'd4', 'ff'), masked(1, '62')])
    assert.deepEqual(callsFor(bytes, inflater), ['text 61', 'refused ERR_MESSAGE_UTF8'])
    assert.deepEqual(callsFor(inParts(1, '96', 'fc'), inflater), ['text c3a9'])
    const whole = joined([masked(1, 'd4', compressed), masked(1, '62')])
    assert.deepEqual(callsFor(whole, inflater), ['refused ERR_MESSAGE_UTF8'])
    assert.deepEqual(callsFor(masked(2, 'd4', compressed), inflater), ['binary 81'])
  })

  test('an empty message is inflated too', () => {
    assert.deepEqual(callsFor(masked(1, '', compressed), new Inflater()), ['text '])
    assert.deepEqual(callsFor(inParts(1, '', ''), new Inflater()), ['text '])
  })

  const failures: [string, Error, ErrorCode][] = [
    ['too big', new HoldlineError('ERR_MESSAGE_TOO_BIG'), 'ERR_MESSAGE_TOO_BIG'],
    ['not deflated', new HoldlineError('ERR_MESSAGE_DEFLATE'), 'ERR_MESSAGE_DEFLATE'],
    ['anything else', new TypeError('boom'), 'ERR_MESSAGE_DEFLATE'],
  ]
  for (const [name, error, code] of failures) {
    test(`what the inflater throws is a refusal: ${name}`, () => {
      const inflater: MessageInflater = {
        inflate: () => {
          throw error
        },
      }
      const whole = joined([masked(1, '61', compressed), masked(9, '')])
      assert.deepEqual(callsFor(whole, inflater), [`refused ${code}`])
      const parts = joined([inParts(2, '61', ''), masked(9, '')])
      assert.deepEqual(callsFor(parts, inflater), [`refused ${code}`])
    })
  }
})

describe('RFC 6455 §7.1.7: behind a refusal nothing is parsed, even by a sink that does not halt', () => {
  const endings: [string, Uint8Array][] = [
    ['a header', unhex('83')],
    ['a close frame', masked(8, '03')],
    ['a text', masked(1, 'ff')],
    ['a fragmented text', joined([masked(1, 'e2', { final: false }), masked(0, '82')])],
    ['one with an empty last frame', joined([masked(1, 'e2', { final: false }), masked(0, '')])],
  ]
  for (const [name, bad] of endings) {
    test(name, () => {
      const all = joined([bad, masked(9, '01'), masked(2, '02')])
      // The refusal comes within the piece that begins at `cut`.
      for (let cut = 0; cut < bad.length; cut++) {
        const sink = new RecordingSink()
        sink.onProtocolError = (code) => void sink.calls.push(`refused ${code}`)
        const parser = parserOf()
        parser.parse(sink, all.slice(0, cut), 0, cut)
        assert.deepEqual(sink.calls, [])
        const rest = all.slice(cut)
        assert.equal(parser.parse(sink, rest, 0, rest.length), rest.length)
        assert.equal(sink.calls.length, 1, `${sink.calls.join(', ')} after a cut at ${cut}`)
      }
    })
  }
})
