// Addresses of memory, and options of the generator's sockets: what holdline/uring has no call for. The one place of
// the bench that calls libc by itself.
import type * as FfiModule from 'node:ffi'

const SOL_SOCKET = 1
const SO_LINGER = 13
const IPPROTO_TCP = 6
const TCP_NODELAY = 1

export class KernelCalls {
  readonly #ffi: typeof FfiModule
  readonly #library: FfiModule.DynamicLibrary
  readonly #setsockopt: (
    fd: number,
    level: number,
    name: number,
    value: bigint,
    length: number,
  ) => number
  // Longer than 64 bytes, so that it does not move: struct linger { on, seconds } at 0, the number 1 at 8.
  readonly #values: Buffer = Buffer.allocUnsafeSlow(128).fill(0)
  readonly #address: bigint

  constructor() {
    // The warning that it is experimental says nothing that a reader of figures needs.
    const { emitWarning } = process
    process.emitWarning = () => {}
    const ffi = process.getBuiltinModule('node:ffi') as typeof FfiModule | undefined
    process.emitWarning = emitWarning
    if (ffi === undefined) throw new Error('this Node has no node:ffi')
    this.#ffi = ffi
    this.#library = new ffi.DynamicLibrary(null)
    this.#setsockopt = this.#library.getFunction('setsockopt', {
      arguments: ['i32', 'i32', 'i32', 'pointer', 'i32'],
      return: 'i32',
    })
    this.#values.writeInt32LE(1, 0)
    this.#values.writeInt32LE(1, 8)
    this.#address = ffi.getRawPointer(this.#values)
  }

  /** Good for as long as the memory is referenced, and only for what Buffer.allocUnsafeSlow gave. */
  addressOf(memory: Buffer): number {
    return Number(this.#ffi.getRawPointer(memory))
  }

  /** Closing sends a RST at once: no port stays in TIME_WAIT, of which there are but 28,000. */
  resetOnClose(fd: number): void {
    if (this.#setsockopt(fd, SOL_SOCKET, SO_LINGER, this.#address, 8) !== 0) {
      throw new Error('setsockopt: SO_LINGER is refused')
    }
  }

  noDelay(fd: number): void {
    if (this.#setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, this.#address + 8n, 4) !== 0) {
      throw new Error('setsockopt: TCP_NODELAY is refused')
    }
  }
}
