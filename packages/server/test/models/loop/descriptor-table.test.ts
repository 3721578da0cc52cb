import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DescriptorTable } from '../../../src/models/loop/descriptor-table.ts'

test('numbers are the lowest that are free, from 3 on', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(12), { nil: -1 })), (commands) => {
      const table = new DescriptorTable<{ readonly fd: number }>()
      const open = new Set<number>()
      for (const closed of commands) {
        if (closed < 0) {
          const { fd } = table.add((number) => ({ fd: number }))
          let lowest = 3
          while (open.has(lowest)) lowest++
          assert.equal(fd, lowest)
          open.add(fd)
          assert.equal(table.get(fd).fd, fd)
        } else {
          table.delete(closed)
          open.delete(closed)
        }
        assert.deepEqual(
          [...table].map(({ fd }) => fd),
          [...open].toSorted((a, b) => a - b),
        )
      }
    }),
  )
})
