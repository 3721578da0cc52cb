// Reading all plain sockets into one buffer. node:net allocates 64 KiB for every read and shrinks it to what came;
// the `onread` option of net.Socket avoids that, but only for sockets that a program connects itself. This does for
// accepted sockets what that option does, and says no wherever Node is not as expected.

import type { Socket } from 'node:net'
import { wideMemory } from '../../protocol/wide-memory.ts'

/** What net.Socket keeps for `onread`, found by the descriptions of its symbols. */
interface OnReadSlots {
  readonly buffer: symbol
  readonly callback: symbol
}

interface RawHandle {
  useUserBuffer?(buffer: Uint8Array): void
}

/** As much as libuv offers the kernel for a read. */
const READ_BYTES = 65_536

/** Shared by all connections of the process: what is read is handled before anything else is read. */
export const readBuffer: Buffer = Buffer.from(wideMemory(READ_BYTES))

let slots: OnReadSlots | null | undefined

/**
 * From now on what the socket receives is put into `readBuffer`, and `onRead` is called with the socket as `this`
 * and the number of bytes. False: not possible with this socket or this version of Node; nothing was changed.
 */
export function readShared(
  socket: Socket,
  onRead: (this: Socket, count: number) => boolean,
): boolean {
  const handle = (socket as unknown as { readonly _handle?: RawHandle | null })._handle
  if (typeof handle?.useUserBuffer !== 'function') return false
  if (slots === undefined) slots = findSlots(socket)
  if (slots === null) return false
  const fields = socket as unknown as Record<symbol, unknown>
  if (fields[slots.buffer] !== null) return false
  fields[slots.buffer] = readBuffer
  fields[slots.callback] = onRead
  handle.useUserBuffer(readBuffer)
  return true
}

function findSlots(socket: Socket): OnReadSlots | null {
  const symbols = Object.getOwnPropertySymbols(socket)
  const named = (name: string): symbol | undefined => {
    const found = symbols.filter((symbol) => symbol.description === name)
    return found.length === 1 ? found[0] : undefined
  }
  const buffer = named('kBuffer')
  const callback = named('kBufferCb')
  // `kBufferGen` would hand out another buffer per read; its absence means another implementation.
  if (buffer === undefined || callback === undefined || named('kBufferGen') === undefined)
    return null
  return { buffer, callback }
}
