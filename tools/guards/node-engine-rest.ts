// The guards of the node engine and its HTTP side beside those in node-engine.ts: lines that end, break, or were never
// requests; what is listened on; the shared read buffer; addresses as text.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const http = 'packages/server/src/engines/http'
const httpTests = 'packages/server/test/engines/http'
const engine = 'packages/server/src/engines/node'
const tests = 'packages/server/test/engines/node'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${http}/client-error.ts`,
    [`${httpTests}/client-error.test.ts`],
    [
      [
        'a line is answered once for every piece that still comes',
        'if (ending.has(socket)) return',
      ],
      [
        'a head that is too long passes for a malformed one',
        "  ['HPE_HEADER_OVERFLOW', 'ERR_UPGRADE_HEADERS'],\n",
      ],
      [
        'a request that is late passes for a malformed one',
        "  ['ERR_HTTP_REQUEST_TIMEOUT', 'ERR_UPGRADE_TIMEOUT'],\n",
      ],
      [
        'a line without TLS is answered in plain text',
        'return !(socket instanceof TLSSocket) || socket.getCipher() !== undefined',
        'return !(socket instanceof TLSSocket) || socket.writable',
      ],
      ['a line that cannot be answered stays', 'socket.destroy()\n', 'socket.pause()\n'],
    ],
  ),
  ...guardsOf(
    `${http}/http-front.ts`,
    [`${httpTests}/http-front.test.ts`],
    [
      [
        'requests that are late are looked for only where the server listens itself',
        "this.#http.emit('listening')",
      ],
      ['a line that was taken ends with its other side', '    socket.allowHalfOpen = true\n'],
      ['a line that was taken waits with small writes', '    socket.setNoDelay(true)\n'],
      [
        'a line that was taken passes by its PROXY header',
        "this.listening.emit('connection', socket)",
        "this.#http.emit('connection', socket)",
      ],
      ['idle lines hold a server that stops', '    this.#http.close()\n'],
      ['a closed server judges on', '    this.#gate.close()\n'],
      ['a closed server waits for PROXY headers', '    this.#proxy.close()\n'],
      ['requests under way are cut at once', 'await this.#requests.ended(graceMs)'],
      ['requests under way hold a closed server', '    this.#http.closeAllConnections()\n'],
      [
        'lines that agree upon no keys hold a closed server',
        'for (const line of this.#tlsLines) line.destroy()',
      ],
    ],
  ),
  ...guardsOf(
    `${http}/listen.ts`,
    [`${httpTests}/listen.test.ts`],
    [
      ['a port in use has no word for it', "  ['EADDRINUSE', 'ERR_LISTEN_IN_USE'],\n"],
      [
        'an address that is not here has no word for it',
        "  ['EADDRNOTAVAIL', 'ERR_LISTEN_ADDRESS'],\n",
      ],
      ['whatever is in the way is deleted', 'if (!isStale) throw named(error, options)'],
      ['a socket file of a killed process is in the way for ever', '    unlinkSync(path)\n'],
      ['a line that cannot be accepted takes the process along', "server.on('error', ignoreError)"],
      ['a file that is no socket is deleted', 'isSocket() !== true', 'isSocket() === undefined'],
      [
        'the socket of a server that runs is deleted',
        "once('connect', () => resolve(false))",
        "once('connect', () => resolve(true))",
      ],
      [
        'the probe of a socket stays open',
        "probe.once('connect', () => probe.destroy()).once",
        'probe.once',
      ],
    ],
  ),
  ...guardsOf(
    `${engine}/node-transport.ts`,
    [`${tests}/node-transport.test.ts`],
    [
      ['a half-closed line is not told of', "socket.on('end', onEnd)"],
      [
        'a line that is gone already is never told of',
        'if (socket.destroyed) setImmediate(onClose.bind(socket))\n    else',
        '',
      ],
      [
        'what came while an upgrade was awaited is lost',
        'connection.receive(chunk, 0, chunk.length)\n    }\n    if',
        '}\n    if',
      ],
      [
        'a socket that cannot share a buffer is not read',
        "if (!readShared(socket, onRead)) socket.on('data', onData)",
        'if (!readShared(socket, onRead)) return',
      ],
      [
        'a pause from before reading began does not reach the handle',
        'else if (socket.isPaused()) socket.pause()',
        'else if (socket.isPaused()) return',
      ],
      [
        'a paused connection is read on',
        'else if (socket.isPaused()) socket.pause()\n    else socket.resume()',
        'else socket.resume()',
      ],
      [
        'what is left in the socket passes for sent',
        'if (socket.writableLength === 0 || socket.destroyed) return true',
        'return true',
      ],
      ['nobody hears when what was left has gone', 'socket.write(NOTHING, this.#written)'],
      [
        'a failed write passes for sent',
        'if (!error) socket[connectionOf]?.bytesWritten()',
        'socket[connectionOf]?.bytesWritten()',
      ],
    ],
  ),
  ...guardsOf(
    `${http}/upgrade-gate.ts`,
    [`${httpTests}/upgrade-gate.test.ts`],
    [
      ['an error of a line takes the process along', "socket.on('error', ignoreError)"],
      [
        'lines that wait keep a closed server alive',
        'for (const socket of this.#waiting) socket.destroy()',
      ],
      [
        'who was too late is opened',
        'if (!isLate) this.#settle(settled, socket, head)\n      else if (settled.accepted) settled.abandon()',
        'this.#settle(settled, socket, head)',
      ],
      ['a line that is gone stays counted', '      judgement.abandon()\n'],
      ['a line that its other side has ended is held', ' && !socket.readableEnded'],
      [
        'a line that cannot be opened stays',
        'judgement.abandon()\n      socket.destroy()',
        'judgement.abandon()',
      ],
    ],
  ),
  ...guardsOf(
    `${engine}/adopt-socket.ts`,
    [`${tests}/adopt-socket.test.ts`],
    [
      [
        'what came behind the request is lost',
        'if (head.length > 0) connection.receive(head, 0, head.length)',
      ],
    ],
  ),
  ...guardsOf(
    `${http}/proxy-front.ts`,
    [`${httpTests}/proxy-front.test.ts`],
    [
      [
        'TLS behind PROXY headers on a Unix socket has no addresses',
        'if (this.#takesProxyProtocol && isTls && path !== undefined) {',
        'if (path === null) {',
      ],
      [
        'node:http never looks for requests that are late',
        "front.on('listening', () => http.emit('listening'))",
      ],
      [
        'a closed server holds lines whose header is awaited',
        'for (const socket of this.#waiting) socket.destroy()',
      ],
      [
        'whoever comes over a Unix socket is trusted',
        'this.#isUnix && this.#trusted.trustsUnix',
        'this.#isUnix',
      ],
      [
        'a header may take for ever',
        "setTimeout(settle, timeoutMs, 'ERR_PROXY_HEADER_TIMEOUT')",
        'setTimeout(() => {}, timeoutMs)',
      ],
      ['a timer stays behind every header', '    clearTimeout(timer)\n'],
      [
        'a line that went before its header is kept',
        'if (result === null || socket.destroyed) {\n        socket.destroy()\n      } else if',
        'if',
      ],
      [
        'what follows the header is lost',
        'if (rest !== undefined && rest.length > 0) socket.unshift(rest)',
      ],
      ['an error before the header takes the process along', ".on('error', ignoreError)\n}", '\n}'],
      ['a cut line is told to nobody', '        this.#onCut(result, peer)\n'],
      [
        'sources of lines that are gone are kept',
        'if (this.#sourcesOfTls.get(key) === source) this.#sourcesOfTls.delete(key)',
      ],
      [
        'an address has two texts',
        'canonicalIpAddress(remoteAddress) ?? remoteAddress',
        'remoteAddress',
      ],
      [
        'requests over TLS have the address of the proxy',
        'if (source !== undefined || this.#sourcesOfTls.size === 0) return source',
        'return source',
      ],
    ],
  ),
  ...guardsOf(
    `${http}/forwarded-for.ts`,
    [`${httpTests}/forwarded-for.test.ts`],
    [
      [
        'an absent header is read',
        'if (header === undefined) return null',
        "if (header === undefined) return ''",
      ],
      ['nothing before a leading comma passes', 'end === 0 ? null : address', 'address'],
    ],
  ),
  ...guardsOf(
    `${http}/trusted-addresses.ts`,
    [`${httpTests}/trusted-addresses.test.ts`],
    [
      ['a list may be a string', 'if (!Array.isArray(entries)) {', 'if (entries === null) {'],
      [
        'what is no address is asked for in the list',
        '    if (bytes === null) return false\n    const text',
        '    if (bytes === null) return true\n    const text',
      ],
      [
        'an address in a zone is another one',
        'parseIpAddress(withoutZone(address))',
        'parseIpAddress(address)',
      ],
      ['a prefix may have a leading zero', '(0|[1-9]\\d{0,2})', '(\\d{1,3})'],
    ],
  ),
  ...guardsOf(
    `${http}/end-with-response.ts`,
    [`${httpTests}/end-with-response.test.ts`],
    [
      [
        'a response that is not read holds the line for ever',
        'let timer = setTimeout(cut, UNREAD_MS).unref()',
        'let timer = setTimeout(() => {}, UNREAD_MS).unref()',
      ],
      ['an error takes the process along', "socket.on('error', cut).once", 'socket.once'],
      ['what still comes is never taken and resets the line', '  socket.resume()\n'],
      [
        'who has read the response holds the line for ever',
        'timer = setTimeout(cut, LINGER_MS).unref()',
      ],
      ['the answer is lost with the line', 'timer = setTimeout(cut, LINGER_MS).unref()', 'cut()'],
    ],
  ),
  ...guardsOf(
    `${engine}/shared-read.ts`,
    [`${tests}/shared-read.test.ts`],
    [
      [
        'a buffer that a program has set is replaced',
        'if (fields[slots.buffer] !== null) return false',
      ],
    ],
  ),
  ...guardsOf(
    'packages/server/src/protocol/proxy-protocol.ts',
    ['packages/server/test/protocol/proxy-protocol.test.ts'],
    [
      ['a line may hold a lone CR', 'if (isAfterCr || (byte', 'if ((byte'],
      ['a line may end in a lone LF', 'if (byte === LF && isAfterCr)', 'if (byte === LF)'],
      [
        'a destination may be of the other family',
        'destination?.length === width &&',
        'destination !== undefined &&',
      ],
      [
        'a port may be missing',
        'port !== undefined &&\n      destinationPort !== undefined',
        'true',
      ],
      [
        'a port may be no number',
        'if (!isWellFormed || port === null || destinationPort === null) {',
        'if (!isWellFormed || destinationPort === null) {',
      ],
      [
        'the port of the destination may be no number',
        'port === null || destinationPort === null',
        'port === null',
      ],
      ['a port may have leading zeros', '/^(0|[1-9]\\d{0,4})$/', '/^\\d{1,6}$/'],
      ['reserved families pass', 'addressBytes === undefined || '],
      ['a source is read where the transport is unspecified', ' || transport === 0'],
      ['a Unix socket has an IP address', 'if (width === 0) return null'],
    ],
  ),
  ...guardsOf(
    'packages/server/src/protocol/ip-address.ts',
    ['packages/server/test/protocol/ip-address.test.ts'],
    [
      [
        'IPv4 in IPv6 has a text of its own',
        "if (MAPPED_PREFIX.every((byte, i) => bytes[i] === byte)) return bytes.subarray(12).join('.')",
      ],
      ['shorthand such as 10.1 passes', 'parts.length !== 4 || '],
      ['leading zeros pass', '/^(0|[1-9]\\d{0,2})$/.test(part)', '/^\\d{1,3}$/.test(part)'],
      [
        'a part may be beyond 255',
        'numbers.every((number) => number <= 255) ? numbers : null',
        'numbers',
      ],
      ['`::` may stand twice', 'if (sides.length > 2) return null'],
      ['a group may be longer than 16 bits', '/^[0-9a-f]{1,4}$/i', '/^[0-9a-f]{1,5}$/i'],
      ['there may be too few groups', 'missing !== 0) return null', 'missing < 0) return null'],
      ['`::` may stand for nothing', 'missing < 1 :', 'missing < 0 :'],
      ['IPv4 may stand amid groups', 'mayEndInIpv4 && i === parts.length - 1', 'mayEndInIpv4'],
      [
        'IPv4 may stand before `::`',
        'mayEndInIpv4 && i === parts.length - 1',
        'i === parts.length - 1',
      ],
      ['`::` is written for a single group', 'let runLength = 1', 'let runLength = 0'],
      ['a text of any length is split', 'if (text.length > LONGEST_TEXT) return null'],
    ],
  ),
]
