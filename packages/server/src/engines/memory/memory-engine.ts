// An engine without sockets: lines are made by `connect` in the same process, and whatever happens on them
// happens in turns of the clock that it is given. With a FakeClock a run is the same every time.

import type { CancelTimer, Clock } from '../../connection/clock.ts'
import type {
  Acceptor,
  Engine,
  Judgement,
  ListenAddress,
  Listener,
  ListenOptions,
} from '../../connection/engine.ts'
import { UpgradeRequest } from '../../connection/upgrade-request.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import { refusalResponse } from '../../protocol/handshake.ts'
import { MemoryLine, ReceiveBuffer } from './memory-line.ts'
import type { MemoryPeer } from './memory-line.ts'

/** A request as it would have been read from the wire; nothing of it is checked here. */
export interface MemoryRequest {
  /** Which listener; the only one by default. */
  readonly to?: ListenAddress
  readonly method?: string
  /** Path and query. Default '/'. */
  readonly path?: string
  readonly httpVersion?: string
  /** Beside those of an ordinary upgrade, or instead of them; `null` leaves one out. */
  readonly headers?: Readonly<Record<string, string | null>>
  /** All headers, names and values in turn, instead of `headers`. */
  readonly rawHeaders?: readonly string[]
  readonly remoteAddress?: string
  readonly secure?: boolean
}

const ORDINARY_HEADERS: Readonly<Record<string, string>> = {
  host: 'localhost',
  upgrade: 'websocket',
  connection: 'Upgrade',
  // The key of RFC 6455 §1.3
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
}

export class MemoryEngine implements Engine {
  readonly name = 'memory'
  readonly clock: Clock
  readonly #receiveBuffer = new ReceiveBuffer()
  readonly #listeners = new Map<string, MemoryListener>()
  #lastPort = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  async listen(options: ListenOptions, acceptor: Acceptor): Promise<Listener> {
    const address: ListenAddress =
      options.path === undefined
        ? { host: options.host ?? 'localhost', port: options.port || ++this.#lastPort }
        : { path: options.path }
    const key = keyOf(address)
    if (this.#listeners.has(key)) throw new HoldlineError('ERR_LISTEN_IN_USE', key)
    const listener = new MemoryListener(address, this.clock, this.#receiveBuffer, acceptor, () => {
      this.#listeners.delete(key)
    })
    this.#listeners.set(key, listener)
    return listener
  }

  /** Opens a line and asks for an upgrade. Where nobody listens, the line is closed at once. */
  connect(request: MemoryRequest = {}): MemoryPeer {
    const listener =
      request.to === undefined
        ? [...this.#listeners.values()][0]
        : this.#listeners.get(keyOf(request.to))
    if (listener !== undefined) return listener.connect(request)
    const line = new MemoryLine(this.clock, this.#receiveBuffer, () => {})
    line.destroy()
    return line.peer
  }
}

class MemoryListener implements Listener {
  readonly address: ListenAddress
  readonly #clock: Clock
  readonly #receiveBuffer: ReceiveBuffer
  readonly #acceptor: Acceptor
  readonly #stopped: () => void
  readonly #lines = new Set<MemoryLine>()
  #allClosed: (() => void) | null = null

  constructor(
    address: ListenAddress,
    clock: Clock,
    receiveBuffer: ReceiveBuffer,
    acceptor: Acceptor,
    stopped: () => void,
  ) {
    this.address = address
    this.#clock = clock
    this.#receiveBuffer = receiveBuffer
    this.#acceptor = acceptor
    this.#stopped = stopped
  }

  stopAccepting(): void {
    this.#stopped()
  }

  async close(): Promise<void> {
    this.stopAccepting()
    for (const line of this.#lines) line.destroy()
    if (this.#lines.size > 0) await new Promise<void>((resolve) => (this.#allClosed = resolve))
  }

  connect(init: MemoryRequest): MemoryPeer {
    const line = new MemoryLine(this.#clock, this.#receiveBuffer, () => {
      this.#lines.delete(line)
      if (this.#lines.size === 0) this.#allClosed?.()
    })
    this.#lines.add(line)
    this.#clock.setTimer(0, () => this.#judge(line, requestOf(init)))
    return line.peer
  }

  #judge(line: MemoryLine, request: UpgradeRequest): void {
    if (line.isClosed) return
    const judgement = this.#acceptor.judge(request)
    if (!(judgement instanceof Promise)) {
      this.#answer(line, judgement)
      return
    }
    let isLate = false
    const cancel = this.#clock.setTimer(this.#acceptor.limits.handshakeMs, () => {
      isLate = true
      if (!line.isClosed) this.#refuse(line, refusalResponse(undefined, 'ERR_UPGRADE_TIMEOUT'))
    })
    void judgement.then((answer) => this.#answerLater(line, answer, cancel, () => isLate))
  }

  #answerLater(
    line: MemoryLine,
    answer: Judgement,
    cancel: CancelTimer,
    isLate: () => boolean,
  ): void {
    cancel()
    this.#clock.setTimer(0, () => {
      if (!isLate()) this.#answer(line, answer)
      else if (answer.accepted) answer.abandon()
    })
  }

  #answer(line: MemoryLine, answer: Judgement): void {
    if (answer.accepted) {
      if (line.isClosed) answer.abandon()
      else line.connected(answer.connect(line))
    } else if (!line.isClosed) this.#refuse(line, answer.response)
  }

  #refuse(line: MemoryLine, response: string): void {
    line.refuse(response)
    this.#clock.setTimer(this.#acceptor.limits.closeMs, () => line.destroy())
  }
}

function requestOf(init: MemoryRequest): UpgradeRequest {
  const rawHeaders: string[] = []
  for (const [name, value] of Object.entries({ ...ORDINARY_HEADERS, ...init.headers })) {
    if (value !== null) rawHeaders.push(name, value)
  }
  return UpgradeRequest.of({
    method: init.method ?? 'GET',
    target: init.path ?? '/',
    httpVersion: init.httpVersion ?? '1.1',
    rawHeaders: init.rawHeaders ?? rawHeaders,
    remoteAddress: init.remoteAddress ?? '127.0.0.1',
    secure: init.secure ?? false,
  })
}

function keyOf(address: ListenAddress): string {
  return 'path' in address ? address.path : `${address.host}:${address.port}`
}
