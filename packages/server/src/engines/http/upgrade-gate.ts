// From an 'upgrade' event of node:http to a connection, or to a refusal: asks the acceptor, keeps the line while
// an asynchronous answer is awaited, and bounds how long that may take.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Acceptance, Acceptor, Judgement } from '../../connection/engine.ts'
import { UpgradeRequest } from '../../connection/upgrade-request.ts'
import { refusalResponse } from '../../protocol/handshake.ts'
import { listHas } from '../../protocol/header-list.ts'
import { endWithResponse } from './end-with-response.ts'

/** Tells the address of the other side, proxies considered. */
export type AddressOf = (request: IncomingMessage) => string

/**
 * Takes over the line of an accepted upgrade, and with it the duty to call `connect` or `abandon`. `head` is what
 * came behind the request; what came later may be in the socket, which nobody reads.
 */
export type Adopt = (acceptance: Acceptance, socket: Socket, head: Buffer) => void

export class UpgradeGate {
  readonly #acceptor: Acceptor
  readonly #addressOf: AddressOf
  readonly #adopt: Adopt
  /** Lines whose judgement is awaited. */
  readonly #waiting = new Set<Socket>()

  constructor(acceptor: Acceptor, addressOf: AddressOf, adopt: Adopt) {
    this.#acceptor = acceptor
    this.#addressOf = addressOf
    this.#adopt = adopt
  }

  /** Handles one 'upgrade' event. `head` is what came behind the request. */
  pass(request: IncomingMessage, socket: Socket, head: Buffer): void {
    // From here on node:http listens no more: an error without a listener would end the process.
    socket.on('error', ignoreError)
    const judgement = this.#acceptor.judge(
      UpgradeRequest.of({
        method: request.method ?? '',
        target: request.url ?? '',
        httpVersion: request.httpVersion,
        rawHeaders: request.rawHeaders,
        remoteAddress: this.#addressOf(request),
        secure: 'encrypted' in socket,
      }),
    )
    if (judgement instanceof Promise) this.#wait(judgement, socket, head)
    else this.#settle(judgement, socket, head)
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
      if (!isLate) this.#settle(settled, socket, head)
      else if (settled.accepted) settled.abandon()
    })
  }

  #settle(judgement: Judgement, socket: Socket, head: Buffer): void {
    if (!judgement.accepted) endWithResponse(socket, judgement.response)
    else if (isOpen(socket)) this.#adopt(judgement, socket, head)
    else {
      judgement.abandon()
      socket.destroy()
    }
  }
}

/** Whether a request asks for a WebSocket, and not for another protocol. */
export function isWebSocketUpgrade(request: IncomingMessage): boolean {
  return listHas(request.headers.upgrade ?? '', 'websocket')
}

// Who has ended its direction already, with nothing left to read, cannot answer a close frame; and once 'end' has
// been emitted, node:net reads no more and would never tell that the line is gone.
function isOpen(socket: Socket): boolean {
  return !socket.destroyed && socket.writable && !socket.readableEnded
}

function ignoreError(): void {}
