// Whether the engine can run here: not what versions promise, but one round trip through a ring of its own.

import { errnoName } from './errno.ts'
import { Native, whyNoFfi } from './ffi.ts'
import { Lines } from './lines.ts'
import type { LineOwner } from './lines.ts'
import { generationOf, Kind, kindOf } from './operations.ts'
import { Reactor } from './reactor.ts'
import { ReceiveBuffers } from './receive-buffers.ts'
import { Slab } from '../../connection/slab.ts'

/** Longer than any machine takes that will serve anybody. */
const PATIENCE_MS = 2_000

/** Why this engine cannot run here, in words for an operator; null when it can. */
export async function whyNotUring(): Promise<string | null> {
  const reason = whyNoFfi()
  if (reason !== null) return reason
  try {
    return await roundTrip()
  } catch (error) {
    return (error as Error).message
  }
}

/** Two ends of a socket pair, both in the ring: one says something, the other answers it. */
async function roundTrip(): Promise<string | null> {
  const native = Native.get()
  const [near, far] = native.socketPair()
  if (near < 0) return `socketpair: ${errnoName(-near)}`
  let reactor: Reactor | null = null
  let buffers: ReceiveBuffers | null = null
  try {
    reactor = new Reactor({ submissions: 8, completions: 16 })
    buffers = new ReceiveBuffers(reactor.ring, { maxBytes: 1_048_576 })
  } catch (error) {
    void reactor?.close()
    native.close(near)
    native.close(far)
    throw error
  }
  const lines = new Lines(reactor, native, buffers)
  reactor.drainTo(
    {
      complete(low, high, result, flags) {
        const kind = kindOf(high)
        if (kind === Kind.RECEIVE) lines.received(low, generationOf(high), result, flags)
        else if (kind === Kind.SEND) lines.sent(low, generationOf(high), result)
        else lines.completed(low, generationOf(high))
      },
    },
    () => lines.behindBatch(),
  )
  try {
    return await exchange(lines, near, far)
  } finally {
    buffers.close()
    await reactor.close()
  }
}

function exchange(lines: Lines, near: number, far: number): Promise<string | null> {
  return new Promise((resolve) => {
    const slab = new Slab(128)
    let open = 2
    let outcome: string | null = `no answer from the ring within ${PATIENCE_MS} ms`
    const owner = (isAnswering: boolean): { slot: number } & LineOwner => ({
      slot: -1,
      receive(bytes, start, end) {
        const text = (bytes as Buffer).toString('latin1', start, end)
        if (isAnswering && text === 'ping') {
          lines.write(this.slot, slab, 4, 8)
          return
        }
        outcome = !isAnswering && text === 'pong' ? null : 'the ring changes bytes'
        finish()
      },
      bytesWritten() {},
      ended() {},
      transportClosed() {
        if (--open === 0) resolve(outcome)
      },
    })
    const asking = owner(false)
    const answering = owner(true)
    const finish = (): void => {
      clearTimeout(timer)
      lines.destroy(asking.slot)
      lines.destroy(answering.slot)
    }
    const timer = setTimeout(finish, PATIENCE_MS)
    asking.slot = lines.slots.take(near, asking)
    answering.slot = lines.slots.take(far, answering)
    lines.start(asking.slot, asking)
    lines.start(answering.slot, answering)
    slab.bytes.write('pingpong', 'latin1')
    lines.write(asking.slot, slab, 0, 4)
  })
}
