// The guards of the opening handshake and of the grammar of its headers.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const protocol = 'packages/server/src/protocol'
const tests = 'packages/server/test/protocol'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${protocol}/handshake.ts`,
    [`${tests}/handshake.test.ts`],
    [
      ['any method opens', "if (request.method !== 'GET') return 'ERR_UPGRADE_METHOD'"],
      ['HTTP/1.0 opens', "if (!isHttp11(request.httpVersion)) return 'ERR_UPGRADE_HTTP_VERSION'"],
      ['no Upgrade header is needed', "return 'ERR_UPGRADE_HEADER_UPGRADE'"],
      [
        'a chunked body rides behind the request',
        "if (headers['transfer-encoding'] !== undefined) return 'ERR_UPGRADE_TRANSFER_ENCODING'",
      ],
      [
        'a body rides behind the request',
        "if ((singleHeader(headers, 'content-length', '0') ?? '') !== '0') return 'ERR_UPGRADE_BODY'",
      ],
      ['no Connection header is needed', "return 'ERR_UPGRADE_HEADER_CONNECTION'"],
      [
        'no Host is needed, or several will do',
        "if (!host || host.includes(',')) return 'ERR_UPGRADE_HOST'",
      ],
      ['several Hosts in one line will do', " || host.includes(',')"],
      [
        'any version opens',
        "if (singleHeader(headers, 'sec-websocket-version') !== '13') return 'ERR_UPGRADE_VERSION'",
      ],
      [
        'any key opens',
        "return isKey(singleHeader(headers, 'sec-websocket-key') ?? '') ? null : 'ERR_UPGRADE_KEY'",
        'return null',
      ],
      ['malformed subprotocols pass', "return 'ERR_UPGRADE_SUBPROTOCOL'"],
      ['malformed extensions pass', "return 'ERR_UPGRADE_EXTENSIONS'"],
      [
        'a subprotocol may be named twice',
        'return new Set(names).size === names.length ? names : null',
        'return names',
      ],
      [
        'a list of subprotocols may be cut unseen',
        'if (names === null || names.length >= maxTokens) return null',
        'if (names === null) return null',
      ],
      [
        'a chosen subprotocol may hold a line break',
        'if (!isToken(response.subprotocol)) {',
        'if (response.subprotocol === undefined) {',
      ],
      [
        'the name of a header may hold a line break',
        "if (!isToken(name)) throw new HoldlineError('ERR_HEADER_INVALID', JSON.stringify(name))",
      ],
      [
        "a program may overwrite the handshake's own headers",
        'if (ownHeaders.has(name.toLowerCase())) {',
        'if (name === undefined) {',
      ],
      [
        'the value of a header may hold a line break',
        "if (!allowed) throw new HoldlineError('ERR_HEADER_INVALID', `the value of ${name}`)",
      ],
      [
        'characters beyond one byte pass, and lose their high half',
        '(character >= 0x80 && character <= 0xff)',
        'character >= 0x80',
      ],
      [
        'a header that stands twice is read as one',
        'return value.length === 1 ? (value[0] ?? null) : null',
        'return value[0] ?? null',
      ],
      [
        'a key of any length passes',
        `if (text.length !== 24 || text.charCodeAt(22) !== 0x3d || text.charCodeAt(23) !== 0x3d)
    return false`,
      ],
      ['a key may hold what is not base64', 'if (!isBase64) return false'],
      [
        'a refusal of the version does not name the right one',
        "if (code === 'ERR_UPGRADE_VERSION') text += 'Sec-WebSocket-Version: 13\\r\\n'",
      ],
    ],
  ),
  ...guardsOf(
    `${protocol}/header-list.ts`,
    [`${tests}/header-list.test.ts`],
    [
      [
        'any number of offers is kept',
        'if (offers.length < maxOffers) offers.push(',
        'offers.push(',
      ],
      [
        'any number of parameters is kept',
        'if (into.length <= maxParametersPerOffer) into.push([name, content])',
        'into.push([name, content])',
      ],
      [
        'any number of tokens is kept',
        'if (elements.length < maxTokens) elements.push(',
        'elements.push(',
      ],
      ['a parameter without a name passes', 'if (nameEnd === nameAt) return -1'],
      ['a parameter without a value behind its sign passes', 'if (at <= valueAt) return -1'],
      [
        'a quoted value may be anything',
        'if (quoted && content.length > 0 && !isToken(content)) return -1',
      ],
      [
        'rubbish behind an element passes',
        'if (at < value.length && value.charCodeAt(at) !== comma) return null',
      ],
      [
        'rubbish behind a parameter passes',
        'return at === value.length || value.charCodeAt(at) === comma ? at : -1',
        'return at',
      ],
      ['an empty list passes', 'return seen ? offers : null', 'return offers'],
      [
        'an escaped quote ends a value',
        'if (character === backslash) at++',
        'if (character === 0x100) at++',
      ],
    ],
  ),
  ...guardsOf(
    `${protocol}/client-handshake.ts`,
    [`${tests}/client-handshake.test.ts`],
    [
      [
        'a target may hold a line break',
        "if (!isTarget(request.target)) throw new HoldlineError('ERR_HEADER_INVALID', 'the target')",
      ],
      [
        'a malformed key is sent',
        "if (!isKey(request.key)) throw new HoldlineError('ERR_HEADER_INVALID', 'Sec-WebSocket-Key')",
      ],
      [
        'any subprotocols are sent',
        'if (!subprotocols.every(isToken) || new Set(subprotocols).size !== subprotocols.length) {',
        'if (subprotocols.length < 0) {',
      ],
      [
        'the extensions may hold a line break',
        'if (!isHeaderText(request.extensions)) {',
        'if (request.extensions === undefined) {',
      ],
      ['any status opens', "if (answer.status !== 101) return 'ERR_RESPONSE_STATUS'"],
      ['a response without Upgrade opens', "return 'ERR_RESPONSE_HEADER_UPGRADE'"],
      ['a response without Connection opens', "return 'ERR_RESPONSE_HEADER_CONNECTION'"],
      ['a response to another key opens', "return 'ERR_RESPONSE_ACCEPT'"],
      ['the server may choose what was not asked for', "return 'ERR_RESPONSE_SUBPROTOCOL'"],
      ['the server may extend what was not offered', "return 'ERR_RESPONSE_EXTENSIONS'"],
    ],
  ),
]
