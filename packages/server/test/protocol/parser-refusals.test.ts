// Every refusal of the parser, with the number of octets that it takes to see it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ErrorCode } from '../../src/protocol/errors.ts'
import { FrameParser, type Role } from '../../src/protocol/parser.ts'
import { fakeInflater } from './frame-stream.ts'
import { feed, RecordingSink, unhex } from './recording-sink.ts'

interface Refusal {
  name: string
  /** Up to the octet at which the parser must refuse. `m` stands for a mask of zeros. */
  bytes: string
  code: ErrorCode
  role?: Role
  inflates?: boolean
  limit?: number
  /** Calls that come before the refusal. */
  before?: string[]
}

const maxMessageBytes = 1000

const rows = (
  code: ErrorCode,
  more: Partial<Refusal>,
  list: readonly (readonly [string, string])[],
): Refusal[] => list.map(([name, bytes]) => ({ name, bytes, code, ...more }))

const refusals: Record<string, Refusal[]> = {
  'RFC 6455 §5.2: reserved bits, at the first octet': [
    ...rows('ERR_FRAME_RESERVED_BITS', {}, [
      ['RSV1 on text', 'c1'],
      ['RSV1 on binary', 'c2'],
      ['RSV1 on a fragment', '41'],
      ['RSV2', 'a1'],
      ['RSV3', '91'],
      ['RSV2 and RSV3', 'b1'],
      ['all three', 'f1'],
      ['RSV1 on close', 'c8'],
      ['RSV2 on ping', 'a9'],
      ['RSV3 on pong', '9a'],
      ['RSV1 on a continuation', '01 81 m 61 c0'],
    ]),
    ...rows('ERR_FRAME_RESERVED_BITS', { inflates: true }, [
      ['RSV2 beside permessage-deflate', 'a1'],
      ['RSV1 and RSV2 beside permessage-deflate', 'e2'],
      ['RSV1 and RSV3 beside permessage-deflate', 'd2'],
      ['RSV1 on a continuation (RFC 7692 §6.1)', '41 81 m 34 c0'],
      ['RSV1 on close (RFC 7692 §6)', 'c8'],
      ['RSV1 on ping', 'c9'],
      ['RSV1 on pong', 'ca'],
    ]),
    ...rows('ERR_FRAME_RESERVED_BITS', { role: 'client' }, [['RSV1 in the client role', 'c1']]),
  ],
  'RFC 6455 §5.2: reserved opcodes, at the first octet': rows(
    'ERR_FRAME_OPCODE',
    {},
    [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
      [`opcode ${opcode}`, (0x80 + opcode).toString(16)] as const,
      [`opcode ${opcode} without FIN`, `0${opcode.toString(16)}`] as const,
      [`opcode ${opcode} within a message`, `02 80 m ${(0x80 + opcode).toString(16)}`] as const,
    ]),
  ),
  'RFC 6455 §5.1: masks, at the second octet': [
    ...rows('ERR_FRAME_UNMASKED', {}, [
      ['unmasked text', '81 01'],
      ['unmasked binary, empty', '82 00'],
      ['unmasked continuation', '02 80 m 80 01'],
      ['unmasked close', '88 00'],
      ['unmasked ping', '89 7d'],
      ['unmasked with a 16-bit length', '82 7e'],
      ['unmasked with a 64-bit length', '82 7f'],
    ]),
    ...rows('ERR_FRAME_MASKED', { role: 'client' }, [
      ['masked text', '81 81'],
      ['masked pong, empty', '8a 80'],
      ['masked with a 64-bit length', '82 ff'],
    ]),
  ],
  'RFC 6455 §5.2: lengths that are not the shortest': rows('ERR_FRAME_LENGTH_NOT_MINIMAL', {}, [
    ['0 in 16 bits', '82 fe 0000'],
    ['5 in 16 bits', '82 fe 0005'],
    ['125 in 16 bits', '82 fe 007d'],
    ['0 in 64 bits', '82 ff 0000000000000000'],
    ['125 in 64 bits', '82 ff 000000000000007d'],
    ['126 in 64 bits', '82 ff 000000000000007e'],
    ['65535 in 64 bits', '82 ff 000000000000ffff'],
  ]),
  'RFC 6455 §5.2: the top bit of a 64-bit length, at the third octet': rows(
    'ERR_FRAME_LENGTH_TOP_BIT',
    {},
    [
      ['80', '82 ff 80'],
      ['ff', '81 ff ff'],
      ['in a continuation', '02 80 m 80 ff 80'],
    ],
  ),
  'RFC 6455 §10.4: too big, at the length': [
    ...rows('ERR_MESSAGE_TOO_BIG', {}, [
      ['one byte too many', '82 fe 03e9'],
      ['text', '81 fe ffff'],
      ['64 KiB', '82 ff 0000000000010000'],
      ['1 GiB', '82 ff 0000000040000000'],
      ['2^31', '82 ff 0000000080000000'],
      ['2^32', '82 ff 0000000100000000'],
      ['2^53 + 1', '82 ff 0020000000000001'],
      ['2^63 − 1', '82 ff 7fffffffffffffff'],
      ['a first fragment', '02 fe 03e9'],
      [`fragments together`, `02 fe 03e7 m ${'00'.repeat(999)} 80 82`],
      [`fragments together, not the last`, `02 fe 03e7 m ${'00'.repeat(999)} 00 82`],
      [`fragments with a ping between`, `02 fe 03e8 m ${'00'.repeat(1000)} 00 80 m 80 81`],
      ['a fragment of 2^63 − 1', '02 81 m 00 80 ff 7fffffffffffffff'],
    ]),
    ...rows('ERR_MESSAGE_TOO_BIG', { limit: 100 }, [['in 7 bits', '82 e5']]),
    ...rows('ERR_MESSAGE_TOO_BIG', { limit: 0 }, [['anything, where nothing is allowed', '82 81']]),
    ...rows('ERR_MESSAGE_TOO_BIG', { inflates: true }, [['before it is inflated', 'c2 fe 03e9']]),
    ...rows('ERR_MESSAGE_TOO_BIG', { role: 'client' }, [['in the client role', '82 7e 03e9']]),
  ],
  'RFC 6455 §5.5: control frames': [
    ...rows('ERR_CONTROL_FRAGMENTED', {}, [
      ['close without FIN', '08'],
      ['ping without FIN', '09'],
      ['pong without FIN', '0a'],
      ['ping without FIN within a message', '02 80 m 09'],
    ]),
    ...rows('ERR_CONTROL_TOO_LONG', {}, [
      ['ping with a 16-bit length', '89 fe'],
      ['pong with a 64-bit length', '8a ff'],
      ['close with a 16-bit length', '88 fe'],
    ]),
    ...rows('ERR_CONTROL_TOO_LONG', { role: 'client' }, [['in the client role', '89 7e']]),
  ],
  'RFC 6455 §5.4: the order of fragments, at the first octet': [
    ...rows('ERR_CONTINUATION_UNEXPECTED', {}, [
      ['a continuation first', '80'],
      ['one without FIN', '00'],
    ]),
    ...rows('ERR_CONTINUATION_UNEXPECTED', { before: ['binary 61'] }, [
      ['one behind a whole message', '82 81 m 61 80'],
      ['one behind a fragmented message', '02 81 m 61 80 80 m 80'],
    ]),
    ...rows('ERR_CONTINUATION_UNEXPECTED', { before: ['ping '] }, [
      ['one behind a ping', '89 80 m 80'],
    ]),
    ...rows('ERR_CONTINUATION_EXPECTED', {}, [
      ['text within a message', '01 81 m 61 81'],
      ['binary within a message', '01 81 m 61 82'],
      ['a first fragment within a message', '02 80 m 02'],
      ['a new message behind a continuation', '02 80 m 00 80 m 82'],
    ]),
    ...rows('ERR_CONTINUATION_EXPECTED', { before: ['pong '] }, [
      ['a new message behind a pong', '02 80 m 8a 80 m 82'],
    ]),
  ],
  'RFC 6455 §5.5.1, §7.4: close': [
    ...rows('ERR_CLOSE_PAYLOAD', {}, [['a payload of one octet', '88 81 m 03']]),
    ...rows(
      'ERR_CLOSE_CODE',
      {},
      [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map(
        (code) => [`code ${code}`, `88 82 m ${code.toString(16).padStart(4, '0')}`] as const,
      ),
    ),
    ...rows('ERR_MESSAGE_UTF8', {}, [
      ['a reason that is not UTF-8', '88 84 m 03e8 c328'],
      ['a reason cut within a character', '88 84 m 03e8 e282'],
    ]),
  ],
  'RFC 6455 §8.1: text': rows('ERR_MESSAGE_UTF8', {}, [
    ['a lone continuation octet', '81 84 m 80'],
    ['a surrogate', '81 84 m ed a0'],
    ['above U+10FFFF', '81 84 m f4 90'],
    ['an overlong form', '81 84 m c0'],
    ['an overlong form of three octets', '81 84 m e0 9f'],
    ['an overlong form of four octets', '81 84 m f0 8f'],
    ['a character that is cut off', '81 83 m 61 e282'],
    ['a second fragment', '01 81 m e2 80 82 m 28'],
  ]),
}

for (const [section, list] of Object.entries(refusals)) {
  describe(section, () => {
    for (const refusal of list) {
      const { name, code, role = 'server', inflates, limit = maxMessageBytes, before } = refusal
      const bytes = unhex(refusal.bytes.replaceAll('m', '00000000'))
      const parser = new FrameParser({ role, maxMessageBytes: limit })
      const sinkFor = (): RecordingSink => new RecordingSink(inflates ? fakeInflater : null)
      const expected = [...(before ?? []), `refused ${code}`]

      test(`${name}: ${code}`, () => {
        const whole = sinkFor()
        feed(parser, whole, bytes)
        assert.deepEqual(whole.calls, expected)
        // What follows changes nothing, and is dropped.
        const followed = sinkFor()
        const more = new Uint8Array(bytes.length + 20).fill(0x81)
        more.set(bytes)
        assert.equal(parser.parse(followed, more, 0, more.length), more.length)
        assert.deepEqual(followed.calls, expected)

        const octets = sinkFor()
        for (let i = 0; i < bytes.length; i++) {
          assert.equal(octets.halted, false, `refused before octet ${i}`)
          feed(parser, octets, bytes.slice(i, i + 1))
        }
        assert.deepEqual(octets.calls, expected)
      })
    }
  })
}

test('the table names every code that the parser refuses with', () => {
  const inTable = new Set(Object.values(refusals).flatMap((list) => list.map(({ code }) => code)))
  const codes: ErrorCode[] = [
    'ERR_CLOSE_CODE',
    'ERR_CLOSE_PAYLOAD',
    'ERR_CONTINUATION_EXPECTED',
    'ERR_CONTINUATION_UNEXPECTED',
    'ERR_CONTROL_FRAGMENTED',
    'ERR_CONTROL_TOO_LONG',
    'ERR_FRAME_LENGTH_NOT_MINIMAL',
    'ERR_FRAME_LENGTH_TOP_BIT',
    'ERR_FRAME_MASKED',
    'ERR_FRAME_OPCODE',
    'ERR_FRAME_RESERVED_BITS',
    'ERR_FRAME_UNMASKED',
    'ERR_MESSAGE_TOO_BIG',
    'ERR_MESSAGE_UTF8',
  ]
  assert.deepEqual([...inTable].toSorted(), codes)
})

describe('RFC 6455 §10.4: the limit', () => {
  const atLimit: [string, string, string][] = [
    ['a message', `82 fe 03e8 m ${'61'.repeat(1000)}`, 'binary'],
    ['fragments', `01 fe 03e7 m ${'61'.repeat(999)} 00 80 m 80 81 m 61`, 'text'],
  ]
  for (const [name, text, kind] of atLimit) {
    test(`${name} of as many bytes as allowed`, () => {
      const sink = new RecordingSink()
      feed(
        new FrameParser({ role: 'server', maxMessageBytes }),
        sink,
        unhex(text.replaceAll('m', '00000000')),
      )
      assert.deepEqual(sink.calls, [`${kind} ${'61'.repeat(1000)}`])
    })
  }

  test('does not count control frames', () => {
    const sink = new RecordingSink()
    const ping = `89 fd 00000000 ${'61'.repeat(125)}`
    const parser = new FrameParser({ role: 'server', maxMessageBytes: 2 })
    feed(parser, sink, unhex(`02 81 00000000 01 ${ping} 80 81 00000000 02`))
    assert.deepEqual(sink.calls, [`ping ${'61'.repeat(125)}`, 'binary 0102'])
  })

  test('begins anew with each message', () => {
    const sink = new RecordingSink()
    const parser = new FrameParser({ role: 'client', maxMessageBytes: 2 })
    feed(parser, sink, unhex('02 01 01 80 01 02 02 02 0304 80 00 82 02 0506'))
    assert.deepEqual(sink.calls, ['binary 0102', 'binary 0304', 'binary 0506'])
  })

  test('a declared length takes no memory before its bytes come', () => {
    const gibibyte = 2 ** 30
    const sink = new RecordingSink()
    const parser = new FrameParser({ role: 'server', maxMessageBytes: gibibyte })
    feed(parser, sink, unhex('82 ff 0000000040000000 00000000'))
    assert.equal(sink.reading!.remaining, gibibyte)
    assert.equal(sink.reading!.data.length, 0)
    feed(parser, sink, unhex('01'))
    assert.ok(sink.reading!.data.length <= 128)
  })

  test('a refused length takes no memory, in one piece or in octets', () => {
    const bytes = unhex('82 ff 0020000000000001 00000000 00')
    for (const cuts of [[], [...bytes.keys()]]) {
      const sink = new RecordingSink()
      feed(new FrameParser({ role: 'server', maxMessageBytes }), sink, bytes, cuts)
      assert.deepEqual(sink.calls, ['refused ERR_MESSAGE_TOO_BIG'])
      assert.equal(sink.reading?.data.length ?? 0, 0)
    }
  })
})
