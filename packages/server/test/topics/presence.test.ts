// Presence over a network that can do everything a network does: who is here is the same everywhere once it is whole
// again, nobody who is gone stays, and the differences say exactly what happened.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Clock } from '../../src/connection/clock.ts'
import { Presence } from '../../src/topics/presence.ts'
import { here, PresenceNetwork } from './presence-network.ts'
import type { Node } from './presence-network.ts'

const TOPIC = 'room'
const LEASE_MS = 10_000

function network(count: number, options?: Parameters<PresenceNetwork['add']>[1]) {
  const net = new PresenceNetwork()
  const nodes = Array.from({ length: count }, () => net.add([TOPIC], options))
  net.clock.advance(1_000)
  return { net, nodes }
}

test('who is set is present in all processes, with its state; who is cleared has left', () => {
  const { net, nodes } = network(3)
  const [one, two, three] = nodes as [Node, Node, Node]
  const ann = {}
  one.presence.set(ann, TOPIC, 'ann', { mood: 'fine' }, 'u1')
  two.presence.set({}, TOPIC, 'bob', null)
  net.clock.advance(10)
  for (const node of nodes) {
    assert.deepEqual(here(node, TOPIC), [
      ['ann', { mood: 'fine' }],
      ['bob', null],
    ])
  }
  assert.equal(three.presence.members(TOPIC).find(({ member }) => member === 'ann')!.identity, 'u1')
  one.presence.set(ann, TOPIC, 'ann', { mood: 'tired' })
  net.clock.advance(10)
  assert.deepEqual(three.differences.at(-1), {
    topic: TOPIC,
    joined: [],
    left: [],
    changed: [{ member: 'ann', identity: null, state: { mood: 'tired' } }],
  })
  one.presence.clear(ann, TOPIC)
  net.clock.advance(10)
  for (const node of nodes) assert.deepEqual(here(node, TOPIC), [['bob', null]])
  assert.equal(three.differences.at(-1)!.left[0]!.member, 'ann')
  assert.equal(one.presence.entryCount, 0)
})

test('what a turn does is one difference, and what it undoes none', () => {
  const { net, nodes } = network(2)
  const [one, two] = nodes as [Node, Node]
  const brief = {}
  for (let i = 0; i < 10; i++) one.presence.set({}, TOPIC, `m${i}`, i)
  one.presence.set(brief, TOPIC, 'brief', 0)
  one.presence.leave(brief)
  assert.deepEqual(here(one, TOPIC), [], 'as told to the watchers')
  net.clock.advance(10)
  for (const node of [one, two]) {
    assert.equal(node.differences.length, 1)
    assert.equal(node.differences[0]!.joined.length, 10)
  }
})

test('a member that several hold stays until the last lets go; the state that was set last shows', () => {
  const { net, nodes } = network(2)
  const [one, two] = nodes as [Node, Node]
  const [tab, phone] = [{}, {}]
  one.presence.set(tab, TOPIC, 'ann', 'tab')
  net.clock.advance(10)
  two.presence.set(phone, TOPIC, 'ann', 'phone')
  net.clock.advance(10)
  for (const node of nodes) assert.deepEqual(here(node, TOPIC), [['ann', 'phone']])
  one.presence.leave(tab)
  net.clock.advance(10)
  for (const node of nodes) assert.deepEqual(here(node, TOPIC), [['ann', 'phone']])
  two.presence.leave(phone)
  net.clock.advance(10)
  for (const node of nodes) assert.deepEqual(here(node, TOPIC), [])
  assert.equal(one.differences.flatMap(({ left }) => left).length, 1)
})

test('the state that was set last shows, whoever has set more often', () => {
  const { net, nodes } = network(2)
  const [one, two] = nodes as [Node, Node]
  const busy = {}
  for (let i = 0; i < 5; i++) one.presence.set(busy, TOPIC, 'ann', i)
  net.clock.advance(10)
  two.presence.set({}, TOPIC, 'ann', 'last')
  net.clock.advance(10)
  for (const node of nodes) assert.deepEqual(here(node, TOPIC), [['ann', 'last']])
})

test('what it said itself tells it nothing', () => {
  const { net, nodes } = network(1)
  const { presence, name } = nodes[0]!
  const set = [[1, TOPIC, 'ann', null, 'null', 1]]
  presence.receive(JSON.stringify({ kind: 'change', from: name, sequence: 1, set, cleared: [] }))
  net.clock.advance(10)
  assert.deepEqual(presence.members(TOPIC), [])
})

test('a process that comes late learns who is here within a moment, however many', () => {
  const { net, nodes } = network(2)
  for (let i = 0; i < 5_000; i++) nodes[i % 2]!.presence.set({}, TOPIC, `member ${i}`, { i })
  net.clock.advance(10)
  const late = net.add([TOPIC])
  net.clock.advance(300)
  assert.equal(here(late, TOPIC).length, 5_000)
  assert.deepEqual(here(late, TOPIC), here(nodes[0]!, TOPIC))
})

test('a process that was killed leaves no ghost: gone when its lease is over, or at once where somebody knows', () => {
  const { net, nodes } = network(3)
  const [one, two, three] = nodes as [Node, Node, Node]
  one.presence.set({}, TOPIC, 'ann', null)
  net.clock.advance(5_000)
  net.kill(one)
  two.presence.processGone(one.name)
  net.clock.advance(1)
  assert.deepEqual(here(two, TOPIC), [])
  assert.equal(here(three, TOPIC).length, 1)
  net.clock.advance(LEASE_MS)
  assert.deepEqual(here(three, TOPIC), [])
})

test('one that knows of a death tells the others', () => {
  const { net, nodes } = network(3)
  const [one, two, three] = nodes as [Node, Node, Node]
  one.presence.set({}, TOPIC, 'ann', null)
  net.clock.advance(10)
  net.kill(one)
  two.presence.ended(one.name)
  net.clock.advance(10)
  assert.deepEqual(here(two, TOPIC), [])
  assert.deepEqual(here(three, TOPIC), [])
})

test('what a process said before its end does not bring it back', () => {
  const { net, nodes } = network(2)
  const [one, two] = nodes as [Node, Node]
  net.fate = () => [500]
  one.presence.set({}, TOPIC, 'ann', null)
  net.clock.advance(100)
  net.kill(one)
  two.presence.processGone(one.name)
  net.clock.advance(2_000)
  assert.deepEqual(here(two, TOPIC), [])
})

test('a process that ends says so, and its members leave at once', () => {
  const { net, nodes } = network(2)
  const [one, two] = nodes as [Node, Node]
  one.presence.set({}, TOPIC, 'ann', null)
  net.clock.advance(10)
  one.presence.stop()
  net.clock.advance(1)
  assert.deepEqual(here(two, TOPIC), [])
})

test('a lone process that beats stays, for hours; one without members says nothing', () => {
  const { net, nodes } = network(2)
  nodes[0]!.presence.set({}, TOPIC, 'ann', null)
  net.clock.advance(7_200_000)
  assert.equal(here(nodes[1]!, TOPIC).length, 1)
  assert.equal(nodes[1]!.differences.length, 1)
  const quiet = network(2)
  const { sentCount } = quiet.net
  quiet.net.clock.advance(3_600_000)
  assert.equal(quiet.net.sentCount, sentCount)
})

test('a partition: each side goes on with its own, and both know all again when it is over', () => {
  const { net, nodes } = network(2)
  const [one, two] = nodes as [Node, Node]
  one.presence.set({}, TOPIC, 'ann', 1)
  two.presence.set({}, TOPIC, 'bob', 2)
  net.clock.advance(10)
  net.cut(one, two)
  const carl = {}
  one.presence.set(carl, TOPIC, 'carl', 3)
  net.clock.advance(LEASE_MS + 10)
  assert.deepEqual(here(two, TOPIC), [['bob', 2]])
  assert.deepEqual(here(one, TOPIC), [
    ['ann', 1],
    ['carl', 3],
  ])
  net.heal()
  net.clock.advance(LEASE_MS / 2)
  for (const node of nodes) assert.equal(here(node, TOPIC).length, 3)
})

test('with a grace, one that comes back to another process has not been away; one that does not has left after it', () => {
  const { net, nodes } = network(2, { graceMs: 2_000 })
  const [one, two] = nodes as [Node, Node]
  const line = {}
  one.presence.set(line, TOPIC, 'ann', null)
  net.clock.advance(10)
  one.presence.leave(line)
  net.clock.advance(1_500)
  const again = {}
  two.presence.set(again, TOPIC, 'ann', null)
  net.clock.advance(5_000)
  for (const node of nodes) {
    assert.equal(here(node, TOPIC).length, 1)
    assert.equal(node.differences.length, 1, 'joined once, and nothing since')
  }
  // The same when its process is killed.
  net.kill(two)
  one.presence.processGone(two.name)
  net.clock.advance(1_000)
  assert.equal(here(one, TOPIC).length, 1)
  net.clock.advance(1_001)
  assert.equal(here(one, TOPIC).length, 0)
})

test('a process that stood still does not take the others for gone: it reads first what they said', () => {
  let now = 0
  let timers: { dueMs: number; f: () => void }[] = []
  const clock: Clock = {
    now: () => now,
    setTimer(ms, f) {
      timers.push({ dueMs: now + ms, f })
      return () => {}
    },
    atTurnEnd: (f) => f(),
  }
  const at = (ms: number): void => {
    now = ms
    const due = timers.filter(({ dueMs }) => dueMs <= now)
    timers = timers.filter(({ dueMs }) => dueMs > now)
    for (const { f } of due) f()
  }
  const presence = new Presence({ processName: 'own', clock, send: () => {}, failed: () => {} })
  const entry = [1, TOPIC, 'ann', null, 'null', 1]
  const change = { kind: 'change', from: 'other', sequence: 1, set: [entry], cleared: [] }
  presence.receive(JSON.stringify(change))
  at(LEASE_MS + 5_000)
  assert.equal(presence.members(TOPIC).length, 1)
  at(now + LEASE_MS / 2)
  assert.equal(presence.members(TOPIC).length, 0)
})

test('what is refused: each with its code, and nothing changes', () => {
  const { net, nodes } = network(1, { entries: 2, stateBytes: 20 })
  const { presence } = nodes[0]!
  const loop: unknown[] = []
  loop.push(loop)
  const table: [code: string, topic: string, member: string, state: unknown][] = [
    ['ERR_TOPIC_NAME', '', 'a', null],
    ['ERR_PRESENCE_MEMBER', TOPIC, '', null],
    ['ERR_PRESENCE_MEMBER', TOPIC, 'é'.repeat(128), null],
    ['ERR_PRESENCE_MEMBER', TOPIC, 7 as unknown as string, null],
    ['ERR_PRESENCE_STATE', TOPIC, 'a', 'x'.repeat(19)],
    ['ERR_PRESENCE_STATE', TOPIC, 'a', undefined],
    ['ERR_PRESENCE_STATE', TOPIC, 'a', loop],
    ['ERR_PRESENCE_STATE', TOPIC, 'a', 1n],
  ]
  for (const [code, topic, member, state] of table) {
    assert.throws(() => presence.set({}, topic, member, state), { code })
  }
  assert.throws(() => presence.watch('', () => {}), { code: 'ERR_TOPIC_NAME' })
  presence.set({}, TOPIC, 'a', 1)
  const b = {}
  presence.set(b, TOPIC, 'b', 1)
  assert.throws(() => presence.set({}, TOPIC, 'c', 1), { code: 'ERR_PRESENCE_FULL' })
  presence.set(b, TOPIC, 'b', 2)
  presence.set(b, TOPIC, 'c', 2)
  net.clock.advance(10)
  assert.deepEqual(here(nodes[0]!, TOPIC), [
    ['a', 1],
    ['c', 2],
  ])
})

test('a listener that throws is told of, and the others hear all the same', () => {
  const { net, nodes } = network(1)
  const { presence } = nodes[0]!
  const heard: string[] = []
  presence.watch(TOPIC, () => {
    throw new Error('mine')
  })
  const stop = presence.watch(TOPIC, ({ joined }) => void heard.push(joined[0]!.member))
  presence.set({}, TOPIC, 'a', null)
  net.clock.advance(1)
  stop()
  presence.set({}, TOPIC, 'b', null)
  net.clock.advance(1)
  assert.deepEqual(heard, ['a'])
  assert.equal(net.failures.length, 2)
})

// --- Any faults, any order

const holders = 4

type Step =
  | { kind: 'set' | 'clear' | 'leave'; node: number; holder: number; member: number; state: number }
  | { kind: 'cut'; one: number; other: number }
  | { kind: 'heal' }
  | { kind: 'kill'; node: number; isTold: boolean }
  | { kind: 'add' }
  | { kind: 'pass'; ms: number }

const node = fc.nat(4)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('set' as const, 'set' as const, 'clear' as const, 'leave' as const),
      node,
      holder: fc.nat(holders - 1),
      member: fc.nat(3),
      state: fc.nat(3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('cut' as const), one: node, other: node }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'heal' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('kill' as const), node, isTold: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'add' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.oneof(fc.nat(50), fc.nat(15_000)),
    }),
  },
)

for (const graceMs of [0, 1_500]) {
  test(`loss, delay, repetition, partitions and deaths: all know the same in the end, grace ${graceMs} ms`, () => {
    const seed = Date.now() & 0x7fffffff
    console.log(`presence property, grace ${graceMs}: seed ${seed}`)
    const property = fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      fc.constantFrom(0, 0.1, 0.5),
      (steps, luck, faultRate) => {
        const net = new PresenceNetwork()
        const next = (): number => luck.next().value!
        net.fate = () => {
          if (next() >= faultRate) return [0]
          const kind = next()
          if (kind < 0.4) return []
          return kind < 0.7 ? [next() * 1_000] : [next() * 100, next() * 3_000]
        }
        const options = { graceMs }
        for (let i = 0; i < 3; i++) net.add([TOPIC], options)
        const objects = new Map<string, object>()
        const wanted = new Map<Node, Map<object, string>>()
        for (const one of steps) run(one, net, objects, wanted, options)
        const alive = net.nodes.filter(({ isDead }) => !isDead)
        net.heal()
        // Late copies, a lease, a beat and an answer.
        net.clock.advance(LEASE_MS + 5_000 + graceMs)
        const expected = [...new Set(alive.flatMap((n) => [...(wanted.get(n)?.values() ?? [])]))]
        for (const one of alive) {
          assert.deepEqual(
            here(one, TOPIC).map(([member]) => member),
            expected.sort(),
          )
          assert.deepEqual(here(one, TOPIC), here(alive[0]!, TOPIC))
          assert.deepEqual(
            here(one, TOPIC),
            [...one.seen.get(TOPIC)!].sort(([a], [b]) => (a < b ? -1 : 1)),
          )
          for (const { joined, left, changed } of one.differences) {
            const names = [...joined, ...left, ...changed].map(({ member }) => member)
            assert.equal(new Set(names).size, names.length)
          }
        }
        for (const one of net.nodes) one.presence.stop()
        assert.deepEqual(net.failures, [])
      },
    )
    fc.assert(property, { seed, numRuns: 300 })
  })
}

function run(
  one: Step,
  net: PresenceNetwork,
  objects: Map<string, object>,
  wanted: Map<Node, Map<object, string>>,
  options: { graceMs: number },
): void {
  const alive = net.nodes.filter(({ isDead }) => !isDead)
  const pick = (index: number): Node => alive[index % alive.length]!
  if (one.kind === 'pass') net.clock.advance(one.ms)
  else if (one.kind === 'heal') net.cuts.clear()
  else if (one.kind === 'cut') net.cut(pick(one.one), pick(one.other))
  else if (one.kind === 'add') {
    if (net.nodes.length < 8) net.add([TOPIC], options)
  } else if (one.kind === 'kill') {
    if (alive.length < 2) return
    const dead = pick(one.node)
    net.kill(dead)
    if (one.isTold) {
      for (const other of net.nodes) if (!other.isDead) other.presence.processGone(dead.name)
    }
  } else {
    const at = pick(one.node)
    const name = `${at.name} ${one.holder}`
    const holder = objects.get(name) ?? {}
    objects.set(name, holder)
    const mine = wanted.get(at) ?? new Map<object, string>()
    wanted.set(at, mine)
    if (one.kind === 'set') {
      at.presence.set(holder, TOPIC, `m${one.member}`, one.state)
      mine.set(holder, `m${one.member}`)
    } else {
      at.presence[one.kind === 'clear' ? 'clear' : 'leave'](holder, TOPIC)
      mine.delete(holder)
    }
  }
}
