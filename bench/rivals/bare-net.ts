// The floor for an engine on `node:net`: an echo with a hand-written codec, no checks beyond what an
// echo of whole frames needs, and no API. Not a server to use. argv[2] is the port.
import { createHash } from 'node:crypto'
import net, { type Socket } from 'node:net'

const endOfHead = Buffer.from('\r\n\r\n')
const keyHeader = /^sec-websocket-key:[ \t]*(\S+)/im
const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11' // RFC 6455 §1.3

class BareConnection {
  readonly #socket: Socket
  #unread: Buffer | undefined
  #upgraded = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  read(chunk: Buffer): void {
    const bytes = this.#unread === undefined ? chunk : Buffer.concat([this.#unread, chunk])
    const used = this.#upgraded ? this.#echo(bytes) : this.#upgrade(bytes)
    this.#unread = used === bytes.length ? undefined : bytes.subarray(used)
  }

  #upgrade(bytes: Buffer): number {
    const end = bytes.indexOf(endOfHead)
    if (end < 0) return 0
    const key = keyHeader.exec(bytes.toString('latin1', 0, end))?.[1] ?? ''
    const accept = createHash('sha1')
      .update(key + guid)
      .digest('base64')
    this.#socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    this.#upgraded = true
    return end + endOfHead.length
  }

  /** Answers every whole frame in `bytes` and returns how many bytes that were. */
  #echo(bytes: Buffer): number {
    let at = 0
    while (at + 6 <= bytes.length) {
      let length = (bytes[at + 1] ?? 0) & 127
      let mask = at + 2
      if (length === 126) {
        if (at + 8 > bytes.length) break
        length = bytes.readUInt16BE(at + 2)
        mask = at + 4
      } else if (length === 127) {
        if (at + 14 > bytes.length) break
        length = bytes.readUInt32BE(at + 6)
        mask = at + 10
      }
      const payload = mask + 4
      if (payload + length > bytes.length) break
      this.#answer(bytes, at, mask, length)
      at = payload + length
    }
    return at
  }

  // The reply is built in the request's own bytes: its header, shifted by the four bytes of the mask.
  #answer(bytes: Buffer, at: number, mask: number, length: number): void {
    if (((bytes[at] ?? 0) & 15) === 8) {
      this.#socket.end()
      return
    }
    const payload = mask + 4
    for (let i = 0; i < length; i++) {
      bytes[payload + i] = (bytes[payload + i] ?? 0) ^ (bytes[mask + (i & 3)] ?? 0)
    }
    bytes[at + 1] = (bytes[at + 1] ?? 0) & 127
    bytes.copyWithin(at + 4, at, mask)
    this.#socket.write(bytes.subarray(at + 4, payload + length))
  }
}

net
  .createServer({ noDelay: true }, (socket) => {
    const connection = new BareConnection(socket)
    socket.on('data', (chunk) => connection.read(chunk as Buffer))
    socket.on('error', () => socket.destroy())
  })
  .listen(Number(process.argv[2]), '127.0.0.1')
