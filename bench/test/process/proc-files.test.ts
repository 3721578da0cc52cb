import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { test } from 'node:test'
import {
  parseSmapsRollup,
  parseStat,
  readCpuTime,
  readDescriptorCount,
  readResidentMemory,
} from '../../src/process/proc-files.ts'

test('utime and stime are found behind a command that holds spaces and parentheses', () => {
  const text = '4242 (a) b (c) R 1 4242 4242 0 -1 4194304 10 0 0 0 251 749 0 0 20 0 11 0 99 1 2\n'
  assert.deepEqual(parseStat(text), { parentPid: 1, userUs: 2_510_000, systemUs: 7_490_000 })
})

test('children that ended and were waited for count', () => {
  const text = '4242 (node) S 7 4242 4242 0 -1 4194304 10 0 0 0 1 2 30 40 20 0 11 0 99 1 2\n'
  assert.deepEqual(parseStat(text), { parentPid: 7, userUs: 310_000, systemUs: 420_000 })
})

test('a stat file without the fields is refused', () => {
  assert.throws(() => parseStat('1 (x) R 1'), /utime/)
})

test('Rss and Pss are read, not the fields whose names begin alike', () => {
  const text = [
    '400000-7ffd0000 ---p 00000000 00:00 0    [rollup]',
    'Rss:               80000 kB',
    'Pss:               70000 kB',
    'Pss_Anon:          60000 kB',
    'Shared_Clean:       9000 kB',
    '',
  ].join('\n')
  assert.deepEqual(parseSmapsRollup(text), { rssBytes: 81_920_000, pssBytes: 71_680_000 })
})

test('a rollup without Pss is refused', () => {
  assert.throws(() => parseSmapsRollup('Rss: 1 kB\n'), /Pss/)
})

test('what a process started belongs to it', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume(); console.log()'])
  try {
    await once(child.stdout, 'data')
    const own = await readResidentMemory(process.pid)
    const ofChild = await readResidentMemory(child.pid!)
    assert.ok(own.rssBytes > ofChild.rssBytes * 1.2)
    assert.ok(ofChild.rssBytes > 10_000_000)
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})

test('an open file is one descriptor more, until it is closed', async () => {
  const before = await readDescriptorCount(process.pid)
  const file = openSync('/dev/null')
  assert.equal(await readDescriptorCount(process.pid), before + 1)
  closeSync(file)
  assert.equal(await readDescriptorCount(process.pid), before)
})

test('this very process has used CPU time and memory', async () => {
  const cpu = await readCpuTime(process.pid)
  assert.ok(cpu.userUs + cpu.systemUs > 0)
  const memory = await readResidentMemory(process.pid)
  assert.ok(memory.pssBytes > 1_000_000 && memory.rssBytes >= memory.pssBytes)
})
