// A process of a mesh that a test plays itself: it says and leaves out what it likes.

import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { controlFrame, FrameKind } from '../../../src/brokers/process/mesh-frame.ts'
import { MESH_VERSION } from '../../../src/brokers/process/process-links.ts'
import type { MeshStand } from '../mesh-stand.ts'

export class RawProcess {
  readonly id: number
  readonly #stand: MeshStand
  readonly #server: Server
  /** On which the other one writes to this one; nothing is read of it unless a test does. */
  readonly incoming: Promise<Socket>
  outgoing: Socket | null = null

  constructor(stand: MeshStand, id: number) {
    this.id = id
    this.#stand = stand
    stand.atEnd(() => this.stop())
    this.#server = createServer({ pauseOnConnect: true })
    this.#server.listen(stand.directory.addressOf(id))
    this.incoming = once(this.#server, 'connection').then(([socket]) => {
      const line = socket as Socket
      line.on('error', () => {})
      return line
    })
  }

  /** Calls a process and says who it is. */
  async call(
    id: number,
    hello = `${MESH_VERSION} ${this.id} 1 ${this.#stand.token}`,
  ): Promise<Socket> {
    const socket = connect(this.#stand.directory.addressOf(id))
    socket.on('error', () => {})
    this.outgoing = socket
    await once(socket, 'connect')
    socket.write(controlFrame(FrameKind.HELLO, hello))
    return socket
  }

  async stop(): Promise<void> {
    this.outgoing?.destroy()
    this.#server.close()
    const line = await Promise.race([this.incoming, Promise.resolve(null)])
    line?.destroy()
  }
}

/** Waits until something is so. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 10_000
  while (!isSo()) {
    if (performance.now() > giveUpAt) throw new Error(`Waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
