// permessage-deflate and the handshake against another implementation, in both roles and with every parameter.
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { WebSocket, WebSocketServer, type PerMessageDeflateOptions } from 'ws'
import {
  checkUpgradeResponse,
  createKey,
  upgradeRequest,
} from '../../src/protocol/client-handshake.ts'
import {
  acceptDeflate,
  deflateOffer,
  negotiateDeflate,
  type DeflateOptions,
  type DeflateParameters,
} from '../../src/protocol/deflate-parameters.ts'
import { Deflater, Inflater } from '../../src/protocol/deflate.ts'
import { checkUpgradeRequest, upgradeResponse } from '../../src/protocol/handshake.ts'

const messages: string[] = Array.from({ length: 60 }, (_, n) => {
  const words = Array.from({ length: (n * 13) % 120 }, (_word, k) => `word${(n * k) % 37}`)
  return `${n}: ${words.join(' ')}${n % 10 === 0 ? 'x'.repeat(n * 300) : ''}`
})
messages.push('')

const allBits = [8, 9, 10, 11, 12, 13, 14, 15]

class Codec {
  readonly inflater: Inflater
  readonly deflater: Deflater

  constructor(parameters: DeflateParameters, role: 'server' | 'client') {
    const server = {
      windowBits: parameters.serverMaxWindowBits,
      noContextTakeover: parameters.serverNoContextTakeover,
    }
    const client = {
      windowBits: parameters.clientMaxWindowBits,
      noContextTakeover: parameters.clientNoContextTakeover,
    }
    this.inflater = new Inflater(role === 'server' ? client : server)
    this.deflater = new Deflater(role === 'server' ? server : client)
  }
}

/** The unfragmented data frames that `buffer` begins with, and what is left of it. */
function readFrames(buffer: Buffer): {
  frames: { rsv1: boolean; payload: Buffer }[]
  rest: Buffer
} {
  const frames: { rsv1: boolean; payload: Buffer }[] = []
  let at = 0
  while (buffer.length - at >= 2) {
    const short = buffer[at + 1]! & 0x7f
    const masked = buffer[at + 1]! >= 0x80
    const headBytes = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (masked ? 4 : 0)
    if (buffer.length - at < headBytes) break
    const length =
      short === 126
        ? buffer.readUInt16BE(at + 2)
        : short === 127
          ? Number(buffer.readBigUInt64BE(at + 2))
          : short
    if (buffer.length - at < headBytes + length) break
    const payload = Buffer.from(buffer.subarray(at + headBytes, at + headBytes + length))
    if (masked) {
      const mask = buffer.subarray(at + headBytes - 4, at + headBytes)
      for (let n = 0; n < length; n++) payload[n]! ^= mask[n & 3]!
    }
    if ((buffer[at]! & 0x0f) === 1) frames.push({ rsv1: (buffer[at]! & 0x40) !== 0, payload })
    at += headBytes + length
  }
  return { frames, rest: buffer.subarray(at) }
}

/** A compressed text frame. As a client it is masked with zeros, which changes nothing. */
function writeFrame(payload: Uint8Array, masked: boolean): Buffer {
  const flag = masked ? 0x80 : 0
  const head =
    payload.length < 126
      ? [0xc1, flag | payload.length]
      : [
          0xc1,
          flag | 127,
          0,
          0,
          0,
          0,
          0,
          payload.length >> 16,
          (payload.length >> 8) & 255,
          payload.length & 255,
        ]
  return Buffer.concat([Buffer.from(head), Buffer.alloc(masked ? 4 : 0), payload])
}

/** Hands each compressed message, inflated, to `receive`. */
function readMessages(
  connection: Socket,
  codec: Codec,
  head: Buffer,
  receive: (text: string) => void,
): void {
  let unread: Buffer = head
  const read = (): void => {
    const { frames, rest } = readFrames(unread)
    unread = rest
    for (const { rsv1, payload } of frames) {
      receive(Buffer.from(rsv1 ? codec.inflater.inflate(payload, 1 << 20) : payload).toString())
    }
  }
  connection.on('data', (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk])
    read()
  })
  read()
}

/** Resolves with everything up to the empty line, and what came behind it. */
async function readHead(connection: Socket): Promise<{ lines: string[]; rest: Buffer }> {
  let head = Buffer.alloc(0)
  for (;;) {
    const [chunk] = (await once(connection, 'data')) as [Buffer]
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end === -1) continue
    connection.pause()
    return {
      lines: head.subarray(0, end).toString('latin1').split('\r\n'),
      rest: head.subarray(end + 4),
    }
  }
}

function headersOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
}

describe('our server, ws as client', () => {
  let options: DeflateOptions = {}
  let agreed: DeflateParameters | undefined
  const server = createServer(async (connection) => {
    const { lines, rest } = await readHead(connection)
    const headers = headersOf(lines.slice(1))
    assert.equal(checkUpgradeRequest({ method: 'GET', httpVersion: '1.1', headers }), null)
    const deflate = negotiateDeflate(headers['sec-websocket-extensions'], options)
    assert.ok(deflate)
    agreed = deflate.parameters
    const key = headers['sec-websocket-key'] ?? ''
    connection.write(upgradeResponse({ key, extensions: deflate.responseHeader }), 'latin1')
    const codec = new Codec(agreed, 'server')
    readMessages(connection, codec, rest, (text) => {
      connection.write(writeFrame(codec.deflater.deflate(Buffer.from(text)), false))
    })
    connection.on('error', () => connection.destroy())
    connection.resume()
  })
  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  after(() => server.close())

  async function echo(perMessageDeflate: PerMessageDeflateOptions): Promise<void> {
    const { port } = server.address() as AddressInfo
    const client = new WebSocket(`ws://127.0.0.1:${port}`, {
      perMessageDeflate: { threshold: 0, ...perMessageDeflate },
    })
    await once(client, 'open')
    for (const text of messages) {
      client.send(text)
      const [data] = (await once(client, 'message')) as [Buffer]
      assert.equal(data.toString(), text)
    }
    client.terminate()
  }

  for (const noContextTakeover of [false, true]) {
    for (const bits of allBits) {
      test(`RFC 7692 §7.1: ${bits} bits, ${noContextTakeover ? 'no ' : ''}context takeover`, async () => {
        options = {
          serverMaxWindowBits: bits,
          clientMaxWindowBits: bits,
          serverNoContextTakeover: noContextTakeover,
          clientNoContextTakeover: noContextTakeover,
        }
        await echo({})
        assert.deepEqual(agreed, options)
      })
    }
  }

  test('RFC 7692 §7.1: the client asks, our defaults answer', async () => {
    options = {}
    await echo({
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: 10,
      clientMaxWindowBits: 9,
    })
    assert.deepEqual(agreed, {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: 10,
      clientMaxWindowBits: 9,
    })
  })
})

describe('our client, ws as server', () => {
  async function echo(
    own: DeflateOptions,
    theirs: PerMessageDeflateOptions,
  ): Promise<DeflateParameters> {
    const server = new WebSocketServer({
      host: '127.0.0.1',
      port: 0,
      perMessageDeflate: { threshold: 0, ...theirs },
      handleProtocols: () => 'chat',
    })
    await once(server, 'listening')
    server.on('connection', (connection) => {
      connection.on('message', (data: Buffer) => connection.send(data.toString()))
    })
    const { port } = server.address() as AddressInfo
    const connection = connect(port, '127.0.0.1')
    try {
      const key = createKey()
      const subprotocols = ['chat']
      const request = upgradeRequest({
        host: `127.0.0.1:${port}`,
        target: '/',
        key,
        subprotocols,
        extensions: deflateOffer(own),
      })
      connection.write(request, 'latin1')
      const { lines, rest } = await readHead(connection)
      const headers = headersOf(lines.slice(1))
      const answer = {
        status: Number(lines[0]?.split(' ')[1]),
        headers,
        key,
        subprotocols,
        offeredExtensions: true,
      }
      assert.equal(checkUpgradeResponse(answer), null)
      const parameters = acceptDeflate(headers['sec-websocket-extensions'], own)
      assert.ok(typeof parameters === 'object' && parameters !== null)
      const codec = new Codec(parameters, 'client')
      const received: string[] = []
      const done = new Promise<void>((resolve, reject) => {
        connection.on('close', () => reject(new Error(`closed after ${received.length} messages`)))
        readMessages(connection, codec, rest, (text) => {
          if (received.push(text) === messages.length) resolve()
        })
      })
      connection.resume()
      for (const text of messages)
        connection.write(writeFrame(codec.deflater.deflate(Buffer.from(text)), true))
      await done
      assert.deepEqual(received, messages)
      return parameters
    } finally {
      connection.destroy()
      for (const other of server.clients) other.terminate()
      server.close()
    }
  }

  for (const noContextTakeover of [false, true]) {
    for (const bits of allBits) {
      test(`RFC 7692 §7.1: ${bits} bits, ${noContextTakeover ? 'no ' : ''}context takeover`, async () => {
        const wanted = {
          serverMaxWindowBits: bits,
          clientMaxWindowBits: bits,
          serverNoContextTakeover: noContextTakeover,
          clientNoContextTakeover: noContextTakeover,
        }
        assert.deepEqual(await echo(wanted, {}), wanted)
        assert.deepEqual(await echo({}, wanted), wanted)
      })
    }
  }
})
