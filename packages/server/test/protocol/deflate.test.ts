import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { constants, createInflateRaw, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { Deflater, Inflater } from '../../src/protocol/deflate.ts'
import { HoldlineError } from '../../src/protocol/errors.ts'
import { longestDistance } from './longest-distance.ts'

const mebibyte = 1024 * 1024
const allBits = [8, 9, 10, 11, 12, 13, 14, 15]

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (data: Uint8Array): string => new TextDecoder().decode(data)

function inflater(windowBits = 15, noContextTakeover = false): Inflater {
  return new Inflater({ windowBits, noContextTakeover })
}

function failsWith(code: string): (error: unknown) => boolean {
  return (error) => error instanceof HoldlineError && error.code === code
}

/** What zlib makes of data with a sync flush, the last four octets taken away. */
function compressed(data: Uint8Array, level = 6): Uint8Array {
  return deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH, level }).subarray(0, -4)
}

describe('RFC 7692 §7.2.3: the examples', () => {
  const examples: readonly [section: string, hexText: string, message: string][] = [
    ['§7.2.3.1 one DEFLATE block', 'f2 48 cd c9 c9 07 00', 'Hello'],
    ['§7.2.3.3 no compression', '00 05 00 fa ff 48 65 6c 6c 6f 00', 'Hello'],
    ['§7.2.3.4 BFINAL set to 1', 'f3 48 cd c9 c9 07 00 00', 'Hello'],
    ['§7.2.3.5 two DEFLATE blocks', 'f2 48 05 00 00 00 ff ff ca c9 c9 07 00', 'Hello'],
    ['§7.2.3.6 an empty message', '00', ''],
    ['§7.2.3.6 an empty message, fixed Huffman', '02 00', ''],
  ]
  for (const [section, hexText, message] of examples) {
    test(section, () => {
      for (const noContextTakeover of [true, false]) {
        assert.equal(text(inflater(15, noContextTakeover).inflate(hex(hexText), 5)), message)
      }
    })
  }

  test('§7.2.3.2 sharing the window', () => {
    const shared = inflater()
    assert.equal(text(shared.inflate(hex('f2 48 cd c9 c9 07 00'), 5)), 'Hello')
    assert.equal(text(shared.inflate(hex('f2 00 11 00 00'), 5)), 'Hello')
    const deflater = new Deflater({ windowBits: 15, noContextTakeover: false })
    assert.deepEqual(Uint8Array.from(deflater.deflate(bytes('Hello'))), hex('f2 48 cd c9 c9 07 00'))
    assert.deepEqual(Uint8Array.from(deflater.deflate(bytes('Hello'))), hex('f2 00 11 00 00'))
  })

  test('§7.1.1: without takeover a reference to the last message is an error', () => {
    const alone = inflater(15, true)
    alone.inflate(hex('f2 48 cd c9 c9 07 00'), 5)
    assert.throws(() => alone.inflate(hex('f2 00 11 00 00'), 5), failsWith('ERR_MESSAGE_DEFLATE'))
  })
})

describe('RFC 7692 §7.2.3.4: BFINAL inside a message', () => {
  test('more blocks may follow, and may refer to what came before', () => {
    for (const noContextTakeover of [true, false]) {
      // "Hello" in a final block, then "Hello" as a match of distance 5, then the empty stored block's head.
      const message = hex('f3 48 cd c9 c9 07 00 f2 00 11 00 00')
      assert.equal(text(inflater(15, noContextTakeover).inflate(message, 10)), 'HelloHello')
    }
  })

  test('a message may end with the final block itself', () => {
    assert.equal(text(inflater().inflate(hex('f3 48 cd c9 c9 07 00'), 5)), 'Hello')
  })

  test('the next message sees what a final block held', () => {
    const shared = inflater()
    shared.inflate(hex('f3 48 cd c9 c9 07 00 00'), 5)
    assert.equal(text(shared.inflate(hex('f2 00 11 00 00'), 5)), 'Hello')
  })

  test('§8: 512 Ki final blocks in 1 MiB are refused before they cost seconds', () => {
    const blocks = Buffer.alloc(mebibyte, hex('03 00'))
    const start = performance.now()
    assert.throws(() => inflater().inflate(blocks, mebibyte), failsWith('ERR_MESSAGE_DEFLATE'))
    assert.ok(performance.now() - start < 1000)
  })

  test('the limit counts all of them together', () => {
    const hello = hex('f3 48 cd c9 c9 07 00')
    const message = Buffer.concat([hello, hello, hello])
    assert.equal(inflater().inflate(message, 15).length, 15)
    assert.throws(() => inflater().inflate(message, 14), failsWith('ERR_MESSAGE_TOO_BIG'))
    assert.throws(() => inflater().inflate(message, 10), failsWith('ERR_MESSAGE_TOO_BIG'))
  })
})

describe('RFC 7692 §8: hostile input', () => {
  test('the limit is exact', () => {
    for (const size of [1, 63, 64, 1023, 1024, 1025, 65_535, 65_536, 65_537, mebibyte]) {
      const data = compressed(new Uint8Array(size))
      assert.equal(inflater().inflate(data, size).length, size)
      assert.throws(() => inflater().inflate(data, size - 1), failsWith('ERR_MESSAGE_TOO_BIG'))
    }
    assert.equal(inflater().inflate(hex('00'), 0).length, 0)
  })

  test('a bomb of 1 MiB to 1 GiB is stopped while it inflates', () => {
    const bomb = Buffer.alloc(
      mebibyte,
      compressed(new Uint8Array(64 * mebibyte), 9).subarray(0, 60_000),
    )
    const start = performance.now()
    const before = process.memoryUsage.rss()
    for (let round = 0; round < 10; round++) {
      assert.throws(() => inflater().inflate(bomb, mebibyte), failsWith('ERR_MESSAGE_TOO_BIG'))
    }
    assert.ok(performance.now() - start < 2000)
    assert.ok(process.memoryUsage.rss() - before < 64 * mebibyte)
  })

  test('empty stored blocks take linear time', () => {
    const timeOf = (size: number): number => {
      const blocks = Buffer.concat([Buffer.alloc(size * 5, hex('00 00 00 ff ff')), hex('00')])
      let bestMs = Infinity
      for (let run = 0; run < 7; run++) {
        const start = performance.now()
        assert.equal(inflater().inflate(blocks, 10).length, 0)
        bestMs = Math.min(bestMs, performance.now() - start)
      }
      return bestMs
    }
    timeOf(20_000)
    assert.ok(timeOf(200_000) < 100)
    assert.ok(timeOf(400_000) / timeOf(200_000) < 4)
  })

  test('what is no DEFLATE data is refused', () => {
    for (const garbage of [
      'ff',
      '06',
      '07',
      'de ad be ef',
      '00 05 00 fa fe',
      'ff'.repeat(1000),
      '04',
      '02 40 ff 00',
    ]) {
      assert.throws(
        () => inflater().inflate(hex(garbage), 1000),
        failsWith('ERR_MESSAGE_DEFLATE'),
        garbage,
      )
    }
  })

  test('§7.2.1: a message cut off inside a block is refused', () => {
    const plain = Buffer.from(
      Array.from({ length: 300 }, (_, n) => `${(n * 7919) % 1000} `).join(''),
    )
    for (const level of [0, 1, 6]) {
      const whole = compressed(plain, level)
      for (let length = 1; length < whole.length; length++) {
        const cut = whole.subarray(0, length)
        // In a stored block two cuts cannot be told from a message: behind its first octet, which is an empty
        // message, and where the four octets put back by the RFC take the place of four that are missing.
        if (level === 0 && (length === 1 || length === whole.length - 5)) {
          inflater().inflate(cut, 100_000)
          continue
        }
        assert.throws(
          () => inflater().inflate(cut, 100_000),
          failsWith('ERR_MESSAGE_DEFLATE'),
          `${length} of ${whole.length} octets, level ${level}`,
        )
      }
    }
  })

  test('§7.2.1: a message is cut off where its last block swallows the octets put back', () => {
    // A fixed block that finds an end of block inside 00 00 FF FF; alone, and behind a stream with BFINAL.
    for (const cut of ['4b44', '9b17d4', '7333cc']) {
      assert.throws(() => inflater().inflate(hex(cut), 1000), failsWith('ERR_MESSAGE_DEFLATE'), cut)
      const behind = Buffer.concat([deflateRawSync('final'), hex(cut)])
      assert.throws(() => inflater().inflate(behind, 1000), failsWith('ERR_MESSAGE_DEFLATE'), cut)
    }
  })

  test('§7.2.3.4: what is put back behind a message never completes a final block', () => {
    // A stored final block that announces five octets and has fewer; then the same behind another final block.
    for (const cut of ['01 05 00 fa ff', '01 05 00 fa ff 48', '01 05 00 fa ff 48 65 6c 6c']) {
      for (const before of ['', '03 00 ', 'f3 48 cd c9 c9 07 00 ']) {
        assert.throws(
          () => inflater().inflate(hex(before + cut), 100),
          failsWith('ERR_MESSAGE_DEFLATE'),
          before + cut,
        )
      }
    }
  })

  test('an input of no octets at all is an empty message', () => {
    assert.equal(inflater().inflate(new Uint8Array(0), 0).length, 0)
  })

  test('§7.1.2: how far a message may reach back does not hang on the size of inner buffers', () => {
    // A peer that agreed to 9 bits and uses 15 is understood within a message, whatever its length...
    const data = Buffer.alloc(200_000)
    for (let at = 0; at < data.length; at++) data[at] = ((at % 20_000) * 2654435761) >>> 24
    assert.ok(longestDistance(Buffer.concat([compressed(data), hex('00 00 ff ff')])) > 512)
    assert.ok(data.equals(inflater(9).inflate(compressed(data), data.length)))
    // ...and of earlier messages no more is remembered than was agreed.
    const shared = inflater(9)
    const far = new Deflater({ windowBits: 15, noContextTakeover: false })
    for (const message of ['a phrase that will come back', 'x'.repeat(600)]) {
      shared.inflate(far.deflate(bytes(message)), 1000)
    }
    const reference = far.deflate(bytes('a phrase that will come back'))
    assert.throws(() => shared.inflate(reference, 1000), failsWith('ERR_MESSAGE_DEFLATE'))
  })

  test('property: any bytes give a message or one of the two errors', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        const shared = inflater(9)
        try {
          assert.ok(shared.inflate(data, 1000).length <= 1000)
        } catch (error) {
          assert.ok(
            failsWith('ERR_MESSAGE_DEFLATE')(error) || failsWith('ERR_MESSAGE_TOO_BIG')(error),
          )
        }
      }),
      { numRuns: 2000 },
    )
  })
})

/** 60 characters that no other index has. */
function record(index: number): string {
  return createHash('sha256')
    .update(String(index))
    .digest('base64')
    .slice(0, 40)
    .padEnd(60, String(index))
}

const vocabulary = fc.constantFrom(
  'hello ',
  '{"id":',
  'ann',
  '"room":"general",',
  '0123456789',
  '\n',
  'ä',
)
const message = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(vocabulary, { maxLength: 60 }).map((words) => bytes(words.join(''))),
  },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 700 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 300 }))
      .map(([seed, times]) =>
        Uint8Array.from(Buffer.concat(Array.from({ length: times }, () => seed))),
      ),
  },
)

describe('RFC 7692 §7.2: round trips', () => {
  const settings = fc.record({
    windowBits: fc.constantFrom(...allBits),
    noContextTakeover: fc.boolean(),
    level: fc.integer({ min: 0, max: 9 }),
    memLevel: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
  })

  test('property: a run of messages comes back, while the window slides, and reaches back no further', () => {
    fc.assert(
      fc.property(settings, fc.array(message, { maxLength: 25 }), (options, messages) => {
        const deflater = new Deflater(options)
        const receiver = new Inflater(options)
        const reach = 2 ** options.windowBits
        for (const data of messages) {
          const sent = deflater.deflate(data)
          assert.ok(longestDistance(Buffer.concat([sent, hex('00 00 ff ff')])) <= reach)
          assert.deepEqual(Buffer.from(receiver.inflate(sent, data.length)), Buffer.from(data))
        }
        assert.ok(deflater.heldBytes <= reach && receiver.heldBytes <= reach)
        if (options.noContextTakeover) assert.equal(deflater.heldBytes + receiver.heldBytes, 0)
      }),
      { numRuns: 150 },
    )
  })

  for (const windowBits of allBits) {
    test(`§7.1.2: ${windowBits} bits hold over 400 messages, and are made use of`, () => {
      const options = { windowBits, noContextTakeover: false }
      const deflater = new Deflater(options)
      const receiver = new Inflater(options)
      let longest = 0
      // 500 different records come back after all kinds of distances, too long ones as well.
      for (let n = 0; n < 400; n++) {
        const records = [n, n * 31, n * 67].map((k) => record(k % 500))
        const data = bytes(`${records.join()}${'.'.repeat(n % 40)}`)
        const sent = deflater.deflate(data)
        longest = Math.max(longest, longestDistance(Buffer.concat([sent, hex('00 00 ff ff')])))
        assert.deepEqual(Buffer.from(receiver.inflate(sent, 10_000)), Buffer.from(data))
      }
      assert.ok(longest <= 2 ** windowBits, `${longest}`)
      assert.ok(windowBits === 8 ? longest === 1 : longest > 2 ** (windowBits - 2), `${longest}`)
    })
  }

  test('a small window is enough for zlib as a persistent stream of that size', async () => {
    for (const windowBits of allBits) {
      const deflater = new Deflater({ windowBits, noContextTakeover: false })
      const stream = createInflateRaw({ windowBits })
      const received: Buffer[] = []
      stream.on('data', (chunk: Buffer) => received.push(chunk))
      const sent: Uint8Array[] = []
      for (let n = 0; n < 200; n++) {
        sent.push(bytes(`message ${n} of many, ${'x'.repeat(n % 50)} ${(n * 7919) % 1009}`))
        const data = Buffer.concat([deflater.deflate(sent[n]!), hex('00 00 ff ff')])
        await new Promise((resolve) => stream.write(data, resolve))
      }
      await new Promise((resolve) => stream.flush(() => resolve(null)))
      assert.deepEqual(Buffer.concat(received), Buffer.concat(sent))
      stream.destroy()
    }
  })

  test('the state is the window alone: a new pair goes on where the old one stood', () => {
    const options = { windowBits: 10, noContextTakeover: false }
    let deflater = new Deflater(options)
    let receiver = inflater(10)
    for (let n = 0; n < 50; n++) {
      const data = bytes(`message ${n}, much like the others before it, ${n * n}`)
      const sent = deflater.deflate(data)
      assert.ok(n < 5 || sent.length < data.length / 2)
      assert.equal(text(receiver.inflate(sent, 1000)), text(data))
      deflater = new Deflater({ ...options, window: Uint8Array.from(deflater.window) })
      receiver = new Inflater({ ...options, window: Uint8Array.from(receiver.window) })
    }
  })

  test('a message stays what it was when the next one comes', () => {
    const options = { windowBits: 15, noContextTakeover: false }
    const deflater = new Deflater(options)
    const receiver = new Inflater(options)
    const first = receiver.inflate(deflater.deflate(bytes('first message')), 100)
    receiver.inflate(deflater.deflate(bytes('other content')), 100)
    assert.equal(text(first), 'first message')
  })

  test('messages larger than every internal buffer', () => {
    for (const size of [65_527, 65_536, 300_000, 3 * mebibyte]) {
      const data = Buffer.alloc(size)
      for (let at = 0; at < size; at++) data[at] = (at * 2654435761) >>> 24
      for (const level of [0, 1, 6]) {
        const deflater = new Deflater({ windowBits: 15, noContextTakeover: false, level })
        const receiver = inflater()
        for (let round = 0; round < 2; round++) {
          assert.ok(data.equals(receiver.inflate(deflater.deflate(data), size)))
        }
      }
    }
  })

  test('§7.2.3.6: an empty message is one octet', () => {
    assert.deepEqual(
      new Deflater({ windowBits: 15, noContextTakeover: false }).deflate(new Uint8Array(0)),
      hex('00'),
    )
  })
})
