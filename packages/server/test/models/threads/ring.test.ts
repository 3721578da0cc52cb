import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Ring } from '../../../src/models/threads/ring.ts'

test('any writes and reads, of any lengths: the bytes come out as they went in, also past 2³²', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 90 })), {
    maxLength: 200,
  })
  fc.assert(
    fc.property(steps, fc.constantFrom(0, 0x7fff_ffc0, -64), (actions, start) => {
      const memory = Ring.memoryOf(64)
      new Int32Array(memory, 0, 32).fill(start)
      const [writer, reader] = [new Ring(memory), new Ring(memory)]
      let [written, read] = [0, 0]
      const into = new Uint8Array(90)
      for (const [isWrite, count] of actions) {
        if (isWrite) {
          const from = Uint8Array.from({ length: count }, (_, i) => written + i)
          const free = 64 - (written - read)
          const done = writer.write(from, 0, count)
          assert.equal(done, Math.min(count, free))
          written += done
        } else {
          const done = reader.copyOut(into, 0, count)
          assert.equal(done, Math.min(count, written - read))
          for (let i = 0; i < done; i++) assert.equal(into[i], (read + i) & 255)
          read += done
        }
        assert.equal(reader.usedBytes, written - read)
        assert.equal(writer.freeBytes, 64 - (written - read))
      }
    }),
  )
})

test('clear empties it', () => {
  const ring = new Ring(Ring.memoryOf(64))
  ring.write(new Uint8Array(20), 0, 20)
  ring.copyOut(new Uint8Array(4), 0, 4)
  ring.clear()
  assert.deepEqual([ring.usedBytes, ring.freeBytes, ring.writeIndex, ring.readIndex], [0, 64, 0, 0])
})
