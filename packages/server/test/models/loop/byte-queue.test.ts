import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteQueue } from 'holdline/loop'

type Command = readonly [
  kind: 'append' | 'drain' | 'take' | 'read' | 'pullup' | 'front',
  size: number,
]

const command = fc.tuple(
  fc.constantFrom('append', 'append', 'drain', 'take', 'read', 'pullup', 'front'),
  fc.oneof(fc.nat(20), fc.nat(9_000)),
) as fc.Arbitrary<Command>

test('whatever is done to it, the bytes are those that were added, in order', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const queue = new ByteQueue()
      let model = Buffer.alloc(0)
      let next = 0
      const gone = (count: number): Buffer => {
        const bytes = model.subarray(0, count)
        model = model.subarray(count)
        return bytes
      }
      for (const [kind, size] of commands) {
        if (kind === 'append') {
          const bytes = Buffer.from(Array.from({ length: size }, () => next++ & 255))
          queue.append(bytes)
          model = Buffer.concat([model, bytes])
          bytes.fill(0)
        } else if (kind === 'drain') {
          const count = Math.min(size, model.length)
          assert.equal(queue.drain(size), count)
          gone(count)
        } else if (kind === 'take') assert.deepEqual(Buffer.from(queue.take(size)), gone(size))
        else if (kind === 'read') {
          const target = Buffer.alloc(size)
          const count = queue.read(target)
          assert.deepEqual(target.subarray(0, count), gone(size))
        } else if (kind === 'pullup') {
          assert.deepEqual(Buffer.from(queue.pullup(size)), model.subarray(0, size))
        } else {
          const { front } = queue
          assert.equal(front.length === 0, model.length === 0)
          assert.deepEqual(Buffer.from(front), model.subarray(0, front.length))
        }
        assert.equal(queue.length, model.length)
      }
      assert.deepEqual(Buffer.from(queue.pullup()), model)
      assert.deepEqual(Buffer.from(queue.take()), model)
    }),
  )
})

test('lines come whole, in any pieces, without their ends', () => {
  const text = fc.stringMatching(/^[a-zäöü€]{0,12}$/)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(text, fc.constantFrom('\n', '\r\n'))),
      text,
      fc.array(fc.integer({ min: 1, max: 9 })),
      (lines, rest, pieces) => {
        const queue = new ByteQueue()
        const bytes = Buffer.from(lines.map(([line, end]) => line + end).join('') + rest)
        const read: string[] = []
        let at = 0
        const all = [...pieces, bytes.length]
        for (const piece of all) {
          queue.append(bytes.subarray(at, at + piece))
          at += piece
          for (let line = queue.readLine(); line !== null; line = queue.readLine()) read.push(line)
        }
        assert.deepEqual(
          read,
          lines.map(([line]) => line),
        )
        assert.equal(Buffer.from(queue.take()).toString(), rest)
      },
    ),
  )
})

test('a long line without an end is looked at once', () => {
  const queue = new ByteQueue()
  const started = performance.now()
  const piece = 'x'.repeat(100)
  for (let i = 0; i < 40_000; i++) {
    queue.append(piece)
    assert.equal(queue.readLine(), null)
  }
  queue.append('\n')
  assert.equal(queue.readLine()!.length, 4_000_000)
  assert.ok(performance.now() - started < 10_000)
})

test('text is added as UTF-8; nothing is nothing', () => {
  const queue = new ByteQueue()
  queue.append('€')
  queue.append('')
  queue.append(new Uint8Array(0))
  assert.deepEqual([...queue.take()], [0xe2, 0x82, 0xac])
  assert.equal(queue.front.length, 0)
  assert.equal(queue.pullup().length, 0)
  assert.equal(queue.take().length, 0)
})

test('onDrained comes when bytes were taken, not when they were moved', () => {
  let count = 0
  const queue = new ByteQueue(() => count++)
  queue.append(new Uint8Array(5_000))
  queue.append(new Uint8Array(5_000))
  queue.pullup()
  assert.equal(count, 0)
  queue.drain(1)
  queue.take(1)
  queue.read(new Uint8Array(1))
  queue.clear()
  assert.equal(count, 4)
  queue.drain(1)
  assert.equal(count, 4)
})
