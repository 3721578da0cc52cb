// The list of lines that arrive, against the plainest thing that could stand there: a Set, which keeps the order.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ArrivingLine, ArrivingList } from '../../../src/engines/uring/arriving-line.ts'
import type { Doorway } from '../../../src/engines/uring/doorway.ts'
import type { LineOwner, Lines } from '../../../src/engines/uring/lines.ts'
import { Slots } from '../../../src/engines/uring/slots.ts'

const doorway = {} as Doorway

function listed(list: ArrivingList): ArrivingLine[] {
  const lines: ArrivingLine[] = []
  for (let line = list.first; line !== null; line = line.next) {
    assert.equal(line.previous, lines.at(-1) ?? null)
    lines.push(line)
  }
  return lines
}

test('any order of lines that come and go, some of them twice, leaves the rest in the order of arrival', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 9 })), (steps) => {
      const list = new ArrivingList()
      const lines = Array.from({ length: 10 }, () => new ArrivingLine(doorway))
      const model = new Set<ArrivingLine>()
      for (const step of steps) {
        const line = lines[step]!
        if (model.has(line)) {
          list.delete(line)
          model.delete(line)
          assert.deepEqual([line.next, line.previous], [null, null])
          // Of a line that is not there any more.
          list.delete(line)
        } else {
          list.add(line)
          model.add(line)
        }
        assert.deepEqual(
          listed(list).map((one) => lines.indexOf(one)),
          [...model].map((one) => lines.indexOf(one)),
        )
      }
    }),
  )
})

test('a line that begins has a slot, and its time and its peek begin anew', () => {
  const slots = new Slots<LineOwner>()
  const lines = { slots } as Lines
  const line = new ArrivingLine(doorway)
  assert.equal(line.doorway, doorway)
  for (const fd of [70, 71]) {
    const before = performance.now()
    line.isPeeking = false
    line.begin(fd, lines)
    assert.equal(slots.fd[line.slot], fd)
    assert.equal(slots.owners[line.slot], line)
    assert.ok(line.isPeeking && line.since >= before && line.since <= performance.now())
  }
})

test('what a connection is told is nothing to a line that is none yet', () => {
  const line = new ArrivingLine(doorway)
  line.receive()
  line.bytesWritten()
  line.ended()
  line.transportClosed()
  assert.deepEqual([line.isCut, line.isLate, line.isPeeking], [false, false, true])
})
