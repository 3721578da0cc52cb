// A connection's bytes over a socket of node:net or node:tls. The listeners are shared functions that find their
// connection on the socket: a line that is held costs no closure.

import type { Socket } from 'node:net'
import type { HeldConnection } from '../../connection/held-connection.ts'
import type { Piece, Slab } from '../../connection/slab.ts'
import type { Transport } from '../../connection/transport.ts'
import { readBuffer, readShared } from './shared-read.ts'

const connectionOf = Symbol('holdline.connection')

type HeldSocket = Socket & { [connectionOf]?: HeldConnection }

const NOTHING = Buffer.alloc(0)

export class NodeTransport implements Transport {
  readonly #socket: HeldSocket
  readonly #isEncrypted: boolean

  constructor(socket: Socket) {
    this.#socket = socket
    this.#isEncrypted = 'encrypted' in socket
    socket.setNoDelay(true)
    socket.setTimeout(0)
  }

  /** From now on what happens on the socket is told to the connection. */
  attach(connection: HeldConnection): void {
    const socket = this.#socket
    socket[connectionOf] = connection
    this.#read(connection)
    socket.on('end', onEnd)
    // A socket that is gone already has emitted its last event.
    if (socket.destroyed) setImmediate(onClose.bind(socket))
    else socket.on('close', onClose)
  }

  #read(connection: HeldConnection): void {
    const socket = this.#socket
    if (this.#isEncrypted) {
      socket.on('data', onData)
      return
    }
    // What came while an asynchronous upgrade was awaited is in the stream already.
    for (let chunk = readChunk(socket); chunk !== null; chunk = readChunk(socket)) {
      connection.receive(chunk, 0, chunk.length)
    }
    if (!readShared(socket, onRead)) socket.on('data', onData)
    // Once more: a pause from before, in `open`, stopped the stream, and not yet the handle beneath it.
    else if (socket.isPaused()) socket.pause()
    else socket.resume()
  }

  write(_line: number, slab: Slab, start: number, end: number): boolean {
    const socket = this.#socket
    const bytes = slab.bytes.subarray(start, end)
    if (this.#isEncrypted) {
      socket.write(bytes, this.#written)
      return false
    }
    socket.write(bytes)
    return this.#isTaken()
  }

  writeAll(_line: number, pieces: readonly Piece[]): boolean {
    const socket = this.#socket
    const last = pieces.length - 1
    socket.cork()
    for (let i = 0; i < last; i++) socket.write(bytesOf(pieces[i]!))
    if (this.#isEncrypted) socket.write(bytesOf(pieces[last]!), this.#written)
    else socket.write(bytesOf(pieces[last]!))
    socket.uncork()
    return !this.#isEncrypted && this.#isTaken()
  }

  // A plain socket writes at once what the kernel takes, so mostly nothing is left here, and no callback and
  // closure is needed. An empty write behind what is left tells when it has gone.
  #isTaken(): boolean {
    const socket = this.#socket
    if (socket.writableLength === 0 || socket.destroyed) return true
    socket.write(NOTHING, this.#written)
    return false
  }

  get #written(): (error?: Error | null) => void {
    const socket = this.#socket
    // An error is followed by 'close', which ends the connection.
    return (error) => {
      if (!error) socket[connectionOf]?.bytesWritten()
    }
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

function bytesOf({ slab, start, end }: Piece): Uint8Array {
  return slab.bytes.subarray(start, end)
}

function onData(this: HeldSocket, chunk: Buffer): void {
  this[connectionOf]!.receive(chunk, 0, chunk.length)
}

function onRead(this: HeldSocket, count: number): boolean {
  this[connectionOf]!.receive(readBuffer, 0, count)
  return true
}

function readChunk(socket: Socket): Buffer | null {
  return socket.readableLength === 0 ? null : (socket.read() as Buffer | null)
}

function onEnd(this: HeldSocket): void {
  this[connectionOf]!.ended()
}

function onClose(this: HeldSocket): void {
  const connection = this[connectionOf]!
  connection.transportClosed()
}
