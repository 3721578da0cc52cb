import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  CloseCode,
  isSendableCloseCode,
  MAX_REASON_BYTES,
  readClosePayload,
  truncateReason,
} from '../../src/protocol/close-code.ts'
import { unhex } from './recording-sink.ts'

test('RFC 6455 §7.4: exactly 1000–1003, 1007–1014 and 3000–4999 may be sent', () => {
  const listed = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]
  for (let code = -1; code <= 0x1_0000; code++) {
    const expected = listed.includes(code) || (code >= 3000 && code < 5000)
    assert.equal(isSendableCloseCode(code), expected, String(code))
  }
})

test('RFC 6455 §7.4: what is no whole number may not be sent', () => {
  for (const code of [1000.5, 1002.999, 1007.1, 3000.5, NaN, Infinity, -Infinity]) {
    assert.equal(isSendableCloseCode(code), false, String(code))
  }
})

test('RFC 6455 §7.4.1: the codes that Holdline uses may be sent, except 1005 and 1006', () => {
  for (const code of Object.values(CloseCode)) {
    const isReportedOnly = code === CloseCode.NO_STATUS || code === CloseCode.ABNORMAL
    assert.equal(isSendableCloseCode(code), !isReportedOnly, String(code))
  }
})

describe('RFC 6455 §5.5.1: the payload of a close frame', () => {
  const read = (payload: string): ReturnType<typeof readClosePayload> => {
    // Amid octets that are neither a code nor a text.
    const bytes = unhex(`ff ff ff ${payload} ff ff`)
    return readClosePayload(bytes, 3, bytes.length - 2)
  }

  test('an empty one is code 1005', () => {
    assert.deepEqual(read(''), { code: 1005, reason: '', problem: null })
  })

  test('two octets are the code in network byte order, the rest is the reason', () => {
    assert.deepEqual(read('03e8'), { code: 1000, reason: '', problem: null })
    assert.deepEqual(read('0f9f c3a4 e282ac'), { code: 3999, reason: 'ä€', problem: null })
  })

  test('a byte order mark belongs to the reason (RFC 3629 §6)', () => {
    assert.equal(read('03e8 efbbbf 61').reason, '\ufeffa')
  })

  test('one octet is refused', () => {
    assert.equal(read('03').problem, 'ERR_CLOSE_PAYLOAD')
  })

  test('codes that must not be sent are refused', () => {
    for (const code of ['0000', '03e7', '03ec', '03ed', '03ee', '03f7', '0bb7', '1388', 'ffff']) {
      assert.equal(read(code).problem, 'ERR_CLOSE_CODE', code)
    }
  })

  test('a reason that is not UTF-8 is refused', () => {
    for (const reason of ['80', 'c3', 'eda080', 'f4908080', '6161ff']) {
      assert.equal(read(`03e8${reason}`).problem, 'ERR_MESSAGE_UTF8', reason)
    }
  })

  test('the reason is a copy: the bytes may be overwritten', () => {
    const bytes = unhex('03e8 616263')
    const { reason } = readClosePayload(bytes, 0, bytes.length)
    bytes.fill(0x78)
    assert.equal(reason, 'abc')
  })
})

describe('RFC 6455 §5.5: a reason has to fit a control frame', () => {
  test('123 bytes are left beside the code', () => {
    assert.equal(MAX_REASON_BYTES, 123)
    assert.equal(truncateReason('x'.repeat(123)), 'x'.repeat(123))
    assert.equal(truncateReason('x'.repeat(124)), 'x'.repeat(123))
    assert.equal(truncateReason('€'.repeat(50)), '€'.repeat(41))
    assert.equal(truncateReason(`${'x'.repeat(122)}€`), 'x'.repeat(122))
  })

  test('the longest run of whole characters that fits is kept', () => {
    const reason = fc.string({ unit: 'binary', maxLength: 80, size: 'max' })
    fc.assert(
      fc.property(reason, fc.nat(130), (reason, maxBytes) => {
        const cut = truncateReason(reason, maxBytes)
        assert.ok(Buffer.byteLength(cut) <= maxBytes)
        assert.ok(reason.startsWith(cut))
        const next = String.fromCodePoint(reason.codePointAt(cut.length) ?? 0)
        assert.ok(cut === reason || Buffer.byteLength(cut + next) > maxBytes)
      }),
    )
  })

  test('lone surrogates become U+FFFD, also where nothing is cut', () => {
    assert.equal(truncateReason('a\ud800b'), 'a\ufffdb')
    assert.equal(truncateReason('\udc00'.repeat(60)), '\ufffd'.repeat(41))
  })
})
