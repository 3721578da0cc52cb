// Buffers that all lines share, over a socket pair: what was sent comes, however often the buffers go round.
import assert from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { Native } from '../../../src/engines/uring/ffi.ts'
import { CQE_F_BUFFER, CQE_F_MORE, Operation } from '../../../src/engines/uring/operations.ts'
import { ReceiveBuffers } from '../../../src/engines/uring/receive-buffers.ts'
import type { ReceiveBuffersOptions } from '../../../src/engines/uring/receive-buffers.ts'
import { Ring } from '../../../src/engines/uring/ring.ts'
import { nativeWith } from './stand.ts'

const ENOBUFS = -105
/** Several times what the kernel has at first. */
const MAX_BYTES = 4 * 1_048_576
const REGISTER_PBUF_RING = 22
const INCREMENTAL = 2

interface Arrival {
  readonly result: number
  readonly flags: number
}

class Stand {
  readonly ring: Ring
  readonly buffers: ReceiveBuffers
  readonly arrivals: Arrival[] = []
  readonly near: number
  readonly far: number

  constructor(t: TestContext, options: ReceiveBuffersOptions, native: Native = Native.get()) {
    this.ring = Ring.open({ submissions: 64, completions: 1_024, native })
    t.after(() => this.ring.close())
    this.buffers = new ReceiveBuffers(this.ring, options)
    t.after(() => this.buffers.close())
    const [near, far] = native.socketPair()
    this.near = near
    this.far = far
    t.after(() => [near, far].map((fd) => native.close(fd)))
  }

  receive(): void {
    this.ring.submit(Operation.RECEIVE_MULTISHOT, this.far, 0, 0, 0, 0, 0, this.buffers.group)
    this.turn()
  }

  turn(): Arrival[] {
    this.ring.enter()
    const before = this.arrivals.length
    this.ring.drain({
      complete: (_low, _high, result, flags) => void this.arrivals.push({ result, flags }),
    })
    return this.arrivals.slice(before)
  }

  textOf({ result, flags }: Arrival): string {
    const start = this.buffers.startOf(flags)
    return this.buffers.bytes.toString('latin1', start, start + result)
  }
}

for (const incremental of [true, false]) {
  const kind = incremental ? 'filled piece by piece' : 'filled once'

  test(`what is sent comes, in order, through far more than all buffers (${kind})`, (t) => {
    const stand = new Stand(t, { maxBytes: MAX_BYTES, incremental })
    assert.equal(stand.buffers.isIncremental, incremental)
    stand.receive()
    for (let i = 0; i < 500; i++) {
      const text = `${i} `.padEnd(1 + ((i * 12_373) % 60_000), String.fromCharCode(97 + (i % 26)))
      writeSync(stand.near, text)
      let got = ''
      while (got.length < text.length) {
        for (const arrival of stand.turn()) {
          assert.ok((arrival.flags & CQE_F_BUFFER) !== 0)
          got += stand.textOf(arrival)
          stand.buffers.done(arrival.flags, arrival.result)
          if ((arrival.flags & CQE_F_MORE) === 0) stand.receive()
        }
        stand.buffers.publish()
      }
      assert.equal(got, text)
    }
  })

  test(`bytes that are being read are left alone by what comes meanwhile (${kind})`, (t) => {
    const stand = new Stand(t, { maxBytes: MAX_BYTES, incremental })
    stand.receive()
    const texts = Array.from({ length: 10 }, (_, i) => `message ${i}`)
    const places: number[] = []
    for (const text of texts) {
      writeSync(stand.near, text)
      for (const { flags, result } of stand.turn()) {
        places.push(stand.buffers.startOf(flags))
        // The kernel is told with the next publication.
        stand.buffers.done(flags, result)
      }
    }
    assert.deepEqual(
      places.map((start) => stand.buffers.bytes.toString('latin1', start, start + 9)),
      texts,
    )
  })
}

test('when all buffers are out, the kernel gets more, as far as there are; then one has to come back', (t) => {
  const stand = new Stand(t, { maxBytes: MAX_BYTES, incremental: false })
  const atFirst = stand.buffers.lentCount
  const capacity = MAX_BYTES / stand.buffers.size
  assert.ok(atFirst > 0 && atFirst < capacity)
  const held: Arrival[] = []
  /** Receives, byte by byte, until the kernel finds no buffer. */
  const fill = (): void => {
    stand.arrivals.length = 0
    stand.receive()
    for (let next = [...stand.arrivals]; ; next = stand.turn()) {
      held.push(...next.filter(({ result }) => result > 0))
      if (next.some(({ result }) => result === ENOBUFS)) return
      assert.ok(held.length <= capacity)
      writeSync(stand.near, 'x')
    }
  }
  fill()
  assert.equal(held.length, atFirst)
  for (let lent = 0; lent < stand.buffers.lentCount; fill()) {
    lent = stand.buffers.lentCount
    stand.buffers.exhausted()
    stand.buffers.publish()
  }
  assert.equal(stand.buffers.lentCount, capacity)
  assert.equal(held.length, capacity)
  // Each of them is another place.
  const places = new Set(held.map(({ flags }) => stand.buffers.startOf(flags)))
  assert.equal(places.size, held.length)
  for (const { flags } of held) stand.buffers.done(flags, 1)
  stand.buffers.publish()
  stand.receive()
  assert.ok(stand.arrivals.at(-1)!.result > 0)
})

test('the memory of a burst is given back', (t) => {
  const stand = new Stand(t, { maxBytes: MAX_BYTES, incremental: false })
  const atFirst = stand.buffers.lentCount
  stand.buffers.exhausted()
  stand.buffers.publish()
  assert.equal(stand.buffers.lentCount, atFirst * 2)
  stand.receive()
  stand.buffers.shrink()
  for (let i = 0; i < atFirst * 3; i++) {
    writeSync(stand.near, 'x')
    for (const { flags, result } of stand.turn()) stand.buffers.done(flags, result)
    stand.buffers.publish()
  }
  assert.equal(stand.buffers.lentCount, atFirst)
})

test('a kernel without incremental buffers gets the other kind', (t) => {
  const real = Native.get()
  const native = nativeWith({
    ringRegister(fd, opcode, argument, count) {
      const flags = opcode === REGISTER_PBUF_RING ? Buffer.from(argument!).readUInt16LE(14) : 0
      return (flags & INCREMENTAL) !== 0 ? -22 : real.ringRegister(fd, opcode, argument, count)
    },
  })
  const stand = new Stand(t, { maxBytes: MAX_BYTES }, native)
  assert.equal(stand.buffers.isIncremental, false)
  stand.receive()
  writeSync(stand.near, 'hello')
  const [arrival] = stand.turn()
  assert.equal(stand.textOf(arrival!), 'hello')
})

test('a kernel without buffer rings is told in words, and nothing is kept', (t) => {
  const native = nativeWith({
    ringRegister: (_fd, opcode) => (opcode === REGISTER_PBUF_RING ? -22 : -1),
  })
  const ring = Ring.open({ submissions: 4, completions: 8, native })
  t.after(() => ring.close())
  assert.throws(() => new ReceiveBuffers(ring), {
    name: 'RingUnavailable',
    message: 'the kernel takes no buffer ring: EINVAL',
  })
})

test('a ring has several groups, and a group that is closed can be made again', (t) => {
  const ring = Ring.open({ submissions: 4, completions: 8 })
  t.after(() => ring.close())
  const options = { maxBytes: MAX_BYTES }
  const first = new ReceiveBuffers(ring, options)
  const second = new ReceiveBuffers(ring, { ...options, group: 1 })
  assert.throws(() => new ReceiveBuffers(ring, { ...options, group: 1 }), /EEXIST/)
  second.close()
  second.close()
  new ReceiveBuffers(ring, { ...options, group: 1 }).close()
  first.close()
})

test('bytes come into the memory that is given', (t) => {
  const memory = Native.get().mapAnonymous(MAX_BYTES)
  const stand = new Stand(t, { maxBytes: MAX_BYTES, memory: memory.buffer })
  stand.receive()
  writeSync(stand.near, 'hello')
  const [arrival] = stand.turn()
  const start = stand.buffers.startOf(arrival!.flags)
  assert.equal(Buffer.from(memory.buffer).toString('latin1', start, start + 5), 'hello')
})
