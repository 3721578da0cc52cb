import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatCount, formatDecimal, formatTable } from '../../src/report/table.ts'

test('the first column stands to the left, the others to the right, each as wide as its widest cell', () => {
  const text = formatTable({
    title: 'echo',
    columns: ['', 'msg/s', 'x'],
    rows: [
      ['a-long-name', '1', '2'],
      ['b', '100,000', '10'],
    ],
    notes: ['said below'],
  })
  assert.deepEqual(text.split('\n'), [
    'echo',
    '                  msg/s    x',
    '  a-long-name         1    2',
    '  b             100,000   10',
    '  ! said below',
  ])
})

test('counts have thousands parted, and what is no number is a dash', () => {
  assert.equal(formatCount(108_432.4), '108,432')
  assert.equal(formatDecimal(7.906, 2), '7.91')
  assert.equal(formatCount(Number.NaN), '–')
  assert.equal(formatDecimal(Number.NaN, 2), '–')
})
