import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  parseMeminfo,
  parseSlabinfo,
  parseSockstat,
  readKernelMemory,
  readSteadyKernelMemory,
} from '../../src/process/kernel-memory.ts'

test('objects in use are counted by their size; the two lines of the head are not', () => {
  const text = [
    'slabinfo - version: 2.1',
    '# name <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables 1 2 3',
    'TCP                   10     12   2560   12    8 : tunables    0    0    0',
    'sock_inode_cache      20     21    832   19    4 : tunables    0    0    0',
    '',
  ].join('\n')
  assert.equal(parseSlabinfo(text), 10 * 2560 + 20 * 832)
})

test('Slab is read, not what begins alike; TCP pages are four KiB', () => {
  assert.equal(parseMeminfo('SReclaimable: 7 kB\nSlab:   100 kB\n'), 102_400)
  const text = 'sockets: used 13\nTCP: inuse 1 orphan 0 tw 0 alloc 1 mem 235\nUDP: inuse 0 mem 9\n'
  assert.equal(parseSockstat(text), 235 * 4096)
})

test('this kernel uses memory, and says from where that is known', async () => {
  for (const read of [readKernelMemory, readSteadyKernelMemory]) {
    const { bytes, source } = await read()
    assert.ok(bytes > 1_000_000)
    assert.match(source, /^(slabinfo|meminfo)$/)
  }
})
