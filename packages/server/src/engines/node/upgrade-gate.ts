// From an 'upgrade' event of node:http to a connection, or to a refusal: asks the acceptor, keeps the line while
// an asynchronous answer is awaited, and bounds how long that may take.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Acceptance, Acceptor, Judgement } from '../../connection/engine.ts'
import { UpgradeRequest } from '../../connection/upgrade-request.ts'
import { refusalResponse } from '../../protocol/handshake.ts'
import { endWithResponse } from './end-with-response.ts'
import { NodeTransport } from './node-transport.ts'

/** Tells the address of the other side, proxies considered. */
export type AddressOf = (request: IncomingMessage) => string

export class UpgradeGate {
  readonly #acceptor: Acceptor
  readonly #addressOf: AddressOf
  /** Lines whose judgement is awaited. */
  readonly #waiting = new Set<Socket>()

  constructor(acceptor: Acceptor, addressOf: AddressOf) {
    this.#acceptor = acceptor
    this.#addressOf = addressOf
  }

  /** Handles one 'upgrade' event. `head` is what came behind the request. */
  pass(request: IncomingMessage, socket: Socket, head: Buffer): void {
    // From here on node:http listens no more: an error without a listener would end the process.
    socket.on('error', ignoreError)
    const judgement = this.#acceptor.judge(
      new UpgradeRequest({
        method: request.method ?? '',
        target: request.url ?? '',
        httpVersion: request.httpVersion,
        rawHeaders: request.rawHeaders,
        remoteAddress: this.#addressOf(request),
        secure: 'encrypted' in socket,
      }),
    )
    if (judgement instanceof Promise) this.#wait(judgement, socket, head)
    else settle(judgement, socket, head)
  }

  /** Cuts the lines that are still waited for. */
  close(): void {
    for (const socket of this.#waiting) socket.destroy()
  }

  // The socket has no reader meanwhile: what comes stays in its buffer and in the kernel, in order.
  #wait(judgement: Promise<Judgement>, socket: Socket, head: Buffer): void {
    this.#waiting.add(socket)
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      this.#waiting.delete(socket)
      endWithResponse(socket, refusalResponse(503, 'ERR_UPGRADE_TIMEOUT'))
    }, this.#acceptor.limits.handshakeMs)
    timer.unref()
    void judgement.then((settled) => {
      clearTimeout(timer)
      this.#waiting.delete(socket)
      if (!isLate) settle(settled, socket, head)
      else if (settled.accepted) settled.abandon()
    })
  }
}

function settle(judgement: Judgement, socket: Socket, head: Buffer): void {
  if (judgement.accepted) accept(judgement, socket, head)
  else endWithResponse(socket, judgement.response)
}

function accept(acceptance: Acceptance, socket: Socket, head: Buffer): void {
  // Who has ended its direction already, with nothing left to read, cannot answer a close frame; and once 'end'
  // has been emitted, node:net reads no more and would never tell that the line is gone.
  if (socket.destroyed || !socket.writable || socket.readableEnded) {
    acceptance.abandon()
    socket.destroy()
    return
  }
  const transport = new NodeTransport(socket)
  const connection = acceptance.connect(transport)
  // `head` first, before the socket begins to flow.
  if (head.length > 0) connection.receive(head, 0, head.length)
  transport.attach(connection)
}

function ignoreError(): void {}
