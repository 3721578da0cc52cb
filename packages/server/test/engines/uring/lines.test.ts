// Lines on a reactor of their own, with owners that note what they are told; and completions that come too late.
import assert from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { Slab } from '../../../src/connection/slab.ts'
import { Native } from '../../../src/engines/uring/ffi.ts'
import { Lines } from '../../../src/engines/uring/lines.ts'
import type { LineOwner } from '../../../src/engines/uring/lines.ts'
import {
  CQE_F_BUFFER,
  CQE_F_MORE,
  generationOf,
  Kind,
  kindOf,
} from '../../../src/engines/uring/operations.ts'
import { Reactor } from '../../../src/engines/uring/reactor.ts'
import { ReceiveBuffers } from '../../../src/engines/uring/receive-buffers.ts'
import { eventually } from './stand.ts'

const native = Native.get()

class Owner implements LineOwner {
  text = ''
  readonly calls: string[] = []
  receive(bytes: Uint8Array, start: number, end: number): void {
    const piece = Buffer.from(bytes.subarray(start, end)).toString('latin1')
    this.text += piece
    this.calls.push('receive')
  }
  bytesWritten(): void {
    this.calls.push('written')
  }
  ended(): void {
    this.calls.push('ended')
  }
  transportClosed(): void {
    this.calls.push('closed')
  }
}

interface Stand {
  readonly lines: Lines
  readonly buffers: ReceiveBuffers
  /** A line and the descriptor of its other end. */
  open(skip?: number): { slot: number; owner: Owner; far: number }
}

function stand(t: TestContext): Stand {
  const reactor = new Reactor({ submissions: 16, completions: 64 })
  const buffers = new ReceiveBuffers(reactor.ring)
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
  const fars: number[] = []
  t.after(async () => {
    for (const [slot] of lines.slots.entries()) lines.destroy(slot)
    await eventually('all lines to go', () => lines.slots.count === 0)
    buffers.close()
    await reactor.close()
    for (const far of fars) native.close(far)
  })
  return {
    lines,
    buffers,
    open(skip = 0) {
      const [near, far] = native.socketPair()
      fars.push(far)
      const owner = new Owner()
      const slot = lines.slots.take(near, owner)
      lines.slots.skip[slot] = skip
      lines.start(slot, owner)
      return { slot, owner, far }
    },
  }
}

const pass = (ms = 10): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function read(fd: number): string {
  const target = Buffer.alloc(65_536)
  const count = native.unreadBytes(fd) > 0 ? native.read(fd, target) : 0
  return target.toString('latin1', 0, count)
}

function slabOf(text: string): Slab {
  const slab = new Slab(Math.max(128, text.length))
  slab.bytes.write(text, 'latin1')
  return slab
}

test('bytes come to the owner and go to the other side', async (t) => {
  const { lines, open } = stand(t)
  const { slot, owner, far } = open()
  writeSync(far, 'hello')
  await eventually('the bytes', () => owner.text === 'hello')
  const text = 'there you are'
  assert.equal(lines.write(slot, slabOf(text), 6, 13), false)
  await eventually('the completion', () => owner.calls.includes('written'))
  assert.equal(read(far), 'you are')
})

test('several pieces leave in their order, and are told once', async (t) => {
  const { lines, open } = stand(t)
  const { slot, owner, far } = open()
  const pieces = Array.from({ length: 9 }, (_, i) => ({
    slab: slabOf(`piece ${i};`),
    start: 0,
    end: 8,
  }))
  lines.writeAll(slot, pieces)
  await eventually('the completion', () => owner.calls.includes('written'))
  assert.equal(read(far), pieces.map((_, i) => `piece ${i};`).join(''))
  assert.deepEqual(owner.calls, ['written'])
})

test('the bytes that were read before are left out, however they come', async (t) => {
  const { open } = stand(t)
  for (const first of [3, 10, 12]) {
    const { owner, far } = open(10)
    const text = '0123456789rest'
    writeSync(far, text.slice(0, first))
    await pass()
    writeSync(far, text.slice(first))
    await eventually('the rest', () => owner.text === 'rest')
  }
})

test('a paused line is told nothing more than what was on its way, and all of it when it runs again', async (t) => {
  const { lines, open } = stand(t)
  const { slot, owner, far } = open()
  writeSync(far, 'a')
  await eventually('the first', () => owner.text === 'a')
  lines.pause(slot)
  for (let i = 0; i < 20; i++) {
    writeSync(far, 'b')
    await pass(2)
  }
  const { length } = owner.text
  // One reception was under way; the kernel keeps the rest.
  assert.ok(length <= 4, owner.text)
  assert.ok(native.unreadBytes(lines.slots.fd[slot]!) > 10)
  lines.resume(slot)
  await eventually('the rest', () => owner.text === `a${'b'.repeat(20)}`)
  writeSync(far, 'c')
  await eventually('what follows', () => owner.text.endsWith('c'))
})

test('a line that is paused and resumed at once, often, loses nothing', async (t) => {
  const { lines, open } = stand(t)
  const { slot, owner, far } = open()
  let sent = ''
  for (let i = 0; i < 200; i++) {
    const text = `${i} `
    sent += text
    writeSync(far, text)
    lines.pause(slot)
    if (i % 3 === 0) await pass(1)
    lines.resume(slot)
    if (i % 5 === 0) await pass(0)
  }
  await eventually('everything', () => owner.text.length >= sent.length)
  assert.equal(owner.text, sent)
})

test('the end of the other side is told once, behind its bytes; to a paused line when it runs again', async (t) => {
  const { lines, open } = stand(t)
  const running = open()
  writeSync(running.far, 'last')
  native.endSending(running.far)
  await eventually('the end', () => running.owner.calls.includes('ended'))
  assert.deepEqual(running.owner.calls, ['receive', 'ended'])
  const paused = open()
  lines.pause(paused.slot)
  native.endSending(paused.far)
  await pass()
  assert.deepEqual(paused.owner.calls, [])
  lines.resume(paused.slot)
  await eventually('the end', () => paused.owner.calls.includes('ended'))
  await pass()
  assert.deepEqual(paused.owner.calls, ['ended'])
  // Both sides have ended: the line goes.
  lines.end(paused.slot)
  await eventually('the close', () => paused.owner.calls.includes('closed'))
})

test('a line that is destroyed while a send and a reception are under way is gone once, and told once', async (t) => {
  const { lines, open } = stand(t)
  const { slot, owner, far } = open()
  const large = new Slab(4 * 1_048_576)
  lines.write(slot, large, 0, large.bytes.length)
  await pass()
  assert.deepEqual(owner.calls, [])
  lines.destroy(slot)
  lines.destroy(slot)
  await eventually('the close', () => owner.calls.includes('closed'))
  await pass()
  assert.deepEqual(owner.calls, ['closed'])
  assert.equal(lines.slots.count, 0)
  assert.equal(lines.write(slot, large, 0, 1), true)
  writeSyncOrFail(far)
})

function writeSyncOrFail(fd: number): void {
  // The other end is closed: EPIPE, or the bytes go nowhere.
  try {
    writeSync(fd, 'x')
  } catch (error) {
    assert.match((error as NodeJS.ErrnoException).code!, /EPIPE|ECONNRESET/)
  }
}

test('completions of a line that had the slot before are dropped, and their buffer is given back', async (t) => {
  const { lines, buffers, open } = stand(t)
  const former = open()
  const generation = lines.slots.generation[former.slot]!
  lines.destroy(former.slot)
  await eventually('the close', () => former.owner.calls.includes('closed'))
  const { slot, owner, far } = open()
  assert.equal(slot, former.slot)
  const given: number[] = []
  t.mock.method(buffers, 'done', (_flags: number, length: number) => void given.push(length))
  lines.received(slot, generation, 5, CQE_F_BUFFER | CQE_F_MORE)
  lines.received(slot, generation, -125, 0)
  lines.sent(slot, generation, 5)
  lines.completed(slot, generation)
  t.mock.restoreAll()
  assert.deepEqual(given, [5])
  assert.deepEqual([owner.calls, former.owner.calls], [[], ['closed']])
  // The new line has lost nothing by it.
  writeSync(far, 'mine')
  await eventually('the bytes', () => owner.text === 'mine')
  lines.write(slot, slabOf('answer'), 0, 6)
  await eventually('the completion', () => owner.calls.includes('written'))
  assert.equal(read(far), 'answer')
})
