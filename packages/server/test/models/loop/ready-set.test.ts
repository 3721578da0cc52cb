import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EDGE, ONESHOT, READ, WRITE } from 'holdline/loop'
import { ReadySet } from '../../../src/models/loop/ready-set.ts'
import type { Watchable } from '../../../src/models/loop/ready-set.ts'

class Descriptor implements Watchable {
  readonly fd: number
  readyFor = 0
  interest = 0

  constructor(fd: number) {
    this.fd = fd
  }
}

function told(set: ReadySet<Descriptor>): string {
  const log: string[] = []
  const count = set.collect((fd, what) => log.push(`${fd}:${what}`))
  assert.equal(count, log.length)
  return log.join(' ')
}

test('level: told while it is ready, then no candidate any more', () => {
  const set = new ReadySet<Descriptor>()
  const one = new Descriptor(1)
  set.arm(one, READ)
  assert.equal(told(set), '')
  assert.equal(set.isEmpty, true)
  one.readyFor = READ | WRITE
  assert.equal(set.mark(one, READ), true)
  assert.equal(told(set), '1:1')
  assert.equal(told(set), '1:1')
  one.readyFor = WRITE
  assert.equal(told(set), '')
  assert.equal(set.isEmpty, true)
})

test('edge: told once for a change of what is watched, with all that is ready', () => {
  const set = new ReadySet<Descriptor>()
  const one = new Descriptor(1)
  one.readyFor = READ
  set.arm(one, READ | WRITE | EDGE)
  assert.equal(told(set), '1:1')
  assert.equal(told(set), '')
  one.readyFor = READ | WRITE
  set.mark(one, WRITE)
  assert.equal(told(set), '1:3')
  set.mark(one, READ)
  one.readyFor = 0
  assert.equal(told(set), '', 'gone before it was told')
  one.readyFor = READ
  assert.equal(told(set), '', 'and that change was told')
})

test('a change of what is not watched is none', () => {
  const set = new ReadySet<Descriptor>()
  const one = new Descriptor(1)
  one.readyFor = READ | WRITE
  set.arm(one, READ | EDGE)
  told(set)
  assert.equal(set.mark(one, WRITE), false)
  assert.equal(told(set), '')
})

test('one-shot: told once, until it is armed', () => {
  const set = new ReadySet<Descriptor>()
  const one = new Descriptor(1)
  one.readyFor = READ
  set.arm(one, READ | ONESHOT)
  assert.equal(told(set), '1:1')
  set.mark(one, READ)
  assert.equal(told(set), '')
  set.arm(one, READ | ONESHOT)
  assert.equal(told(set), '1:1')
})

test('disarmed, nothing is told', () => {
  const set = new ReadySet<Descriptor>()
  const one = new Descriptor(1)
  one.readyFor = READ
  set.arm(one, READ)
  set.disarm(one)
  set.mark(one, READ)
  assert.equal(told(set), '')
})

test('what is spurious is told with all that is watched', () => {
  const set = new ReadySet<Descriptor>()
  const one = new Descriptor(1)
  set.arm(one, READ | WRITE)
  const log: number[] = []
  set.collect(
    (_, what) => log.push(what),
    () => true,
  )
  assert.deepEqual(log, [READ | WRITE])
})
