import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isSendableCloseCode, MAX_REASON_BYTES } from '../../src/protocol/close-code.ts'
import { errorCatalogue, HoldlineError, type ErrorCode } from '../../src/protocol/errors.ts'

const codes = Object.keys(errorCatalogue) as ErrorCode[]

describe('Every entry of the catalogue', () => {
  test('has a code in capitals that begins with ERR_', () => {
    for (const code of codes) assert.match(code, /^ERR(_[A-Z0-9]+)+$/)
  })

  test('has a code that fits a close reason', () => {
    for (const code of codes) assert.ok(code.length <= MAX_REASON_BYTES, code)
  })

  test('says what happened and what to do, each as one sentence without a full stop', () => {
    for (const code of codes) {
      const { message, fix } = errorCatalogue[code]
      for (const sentence of [message, fix]) {
        assert.match(sentence, /^[A-Z]/, code)
        assert.doesNotMatch(sentence, /[.!\s]$/, code)
        assert.doesNotMatch(sentence, /[\r\n]| {2}/, code)
      }
      assert.notEqual(message, fix)
    }
  })

  test('has a message of its own', () => {
    assert.equal(new Set(codes.map((code) => errorCatalogue[code].message)).size, codes.length)
  })

  test('has a close code that may be sent, if any (RFC 6455 §7.4)', () => {
    for (const code of codes) {
      const { closeCode } = errorCatalogue[code]
      if (closeCode !== undefined) assert.ok(isSendableCloseCode(closeCode), code)
    }
  })

  test('has an HTTP status of an error, if any (RFC 9110 §15.5, §15.6)', () => {
    for (const code of codes) {
      const { status } = errorCatalogue[code]
      if (status === undefined) continue
      assert.ok(Number.isInteger(status) && status >= 400 && status <= 599, code)
    }
  })
})

describe('RFC 6455 §7.4.1: what breaks the protocol is told by its close code', () => {
  const closeCodes: [RegExp, number][] = [
    [/^ERR_(FRAME|CONTROL|CONTINUATION|CLOSE)_(?!ARGUMENT)/, 1002],
    [/^ERR_MESSAGE_(UTF8|DEFLATE)$/, 1007],
    [/^ERR_MESSAGE_TOO_BIG$/, 1009],
  ]
  for (const [pattern, closeCode] of closeCodes) {
    test(`${closeCode} for ${pattern.source}`, () => {
      const found = codes.filter((code) => pattern.test(code))
      assert.ok(found.length > 0)
      for (const code of found) assert.equal(errorCatalogue[code].closeCode, closeCode, code)
    })
  }

  test('every refusal of an upgrade request has a status', () => {
    const found = codes.filter((code) => code.startsWith('ERR_UPGRADE_'))
    assert.ok(found.length > 0)
    for (const code of found) assert.notEqual(errorCatalogue[code].status, undefined, code)
  })
})

describe('HoldlineError', () => {
  test('puts the sentence and the fix into its message', () => {
    const { message, fix } = errorCatalogue.ERR_FRAME_OPCODE
    const error = new HoldlineError('ERR_FRAME_OPCODE')
    assert.equal(error.message, `${message}. ${fix}.`)
    assert.equal(error.detail, undefined)
    assert.equal(error.name, 'HoldlineError')
    assert.equal(error.code, 'ERR_FRAME_OPCODE')
    assert.ok(error instanceof Error)
  })

  test('puts the detail between them', () => {
    const { message, fix } = errorCatalogue.ERR_OPTION_INVALID
    const error = new HoldlineError('ERR_OPTION_INVALID', 'port 70000')
    assert.equal(error.message, `${message}: port 70000. ${fix}.`)
    assert.equal(error.detail, 'port 70000')
  })

  test('carries its cause', () => {
    const cause = new Error('before')
    assert.equal(new HoldlineError('ERR_LISTEN_FAILED', undefined, { cause }).cause, cause)
  })

  test('knows the close code and the status of its entry', () => {
    assert.equal(new HoldlineError('ERR_MESSAGE_TOO_BIG').closeCode, 1009)
    assert.equal(new HoldlineError('ERR_UPGRADE_METHOD').status, 405)
  })

  test('stands for an internal error where the entry names none: 1011 and 500', () => {
    const error = new HoldlineError('ERR_LISTEN_FAILED')
    assert.equal(error.closeCode, 1011)
    assert.equal(error.status, 500)
  })
})
