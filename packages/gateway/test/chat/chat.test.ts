import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { replacedCode } from '../../src/chat/chat.ts'
import { ChatWorld, Visitor } from './chat-world.ts'

test('who comes is told who is here and what was said, and all are told who comes and goes', () => {
  const worker = new ChatWorld().start(0)
  const ada = new Visitor(worker).join('Ada')
  ada.say('first')
  const bo = new Visitor(worker).join('Bo')
  const welcome = bo.got[0]
  assert.ok(welcome?.type === 'welcome')
  assert.equal(welcome.you.name, 'Bo')
  assert.deepEqual(
    welcome.recent.map(({ text, from }) => [from.name, text]),
    [['Ada', 'first']],
  )
  assert.deepEqual(ada.names, ['Ada', 'Bo'])
  bo.leave()
  assert.deepEqual(ada.names, ['Ada'])
})

test('messages reach the room, the writer included, and no other room', () => {
  const worker = new ChatWorld().start(0)
  const [ada, bo, cy] = ['Ada', 'Bo', 'Cy'].map((name) =>
    new Visitor(worker).join(name, name === 'Cy' ? 'other' : 'lobby'),
  ) as [Visitor, Visitor, Visitor]
  ada.say('hello')
  assert.deepEqual([ada.texts, bo.texts, cy.texts], [['hello'], ['hello'], []])
  assert.deepEqual(cy.names, ['Cy'])
})

test('who did not join is told so', () => {
  const ada = new Visitor(new ChatWorld().start(0))
  ada.say('hello')
  assert.equal(ada.got[0]?.type, 'refused')
})

test('a message that is sent again comes back and is not published again', () => {
  const worker = new ChatWorld().start(0)
  const [ada, bo] = [new Visitor(worker).join('Ada'), new Visitor(worker).join('Bo')]
  ada.say('once', 'same-id')
  ada.say('once', 'same-id')
  assert.deepEqual([ada.texts.length, bo.texts.length], [2, 1])
  // The id of another's message is no way to silence them.
  bo.say('mine', 'same-id')
  assert.deepEqual(bo.texts, ['once', 'mine'])
})

test('a name that is taken gets a number, whatever its case, and stays within the bound', () => {
  const worker = new ChatWorld().start(0)
  const ada = new Visitor(worker).join('Ada')
  new Visitor(worker).join('ADA', 'lobby', 'another-key-0000000')
  new Visitor(worker).join('Ada', 'lobby', 'a-third-key-0000000')
  assert.deepEqual(ada.names, ['ADA 2', 'Ada', 'Ada 3'])
  const long = 'x'.repeat(32)
  new Visitor(worker).join(long)
  new Visitor(worker).join(long, 'lobby', 'a-fourth-key-000000')
  assert.ok(ada.names.includes(`${'x'.repeat(30)} 2`))
})

test('the same member may take another name or go to another room', () => {
  const worker = new ChatWorld().start(0)
  const [ada, bo] = [new Visitor(worker).join('Ada'), new Visitor(worker).join('Bo')]
  bo.join('Beau', 'lobby', 'key-of-Bo-00000000')
  assert.deepEqual(ada.names, ['Ada', 'Beau'])
  assert.equal(ada.got.at(-1)?.type, 'renamed')
  bo.join('Beau', 'other', 'key-of-Bo-00000000')
  assert.deepEqual([ada.names, bo.names], [['Ada'], ['Beau']])
  ada.say('not for you')
  assert.deepEqual(bo.texts, [])
})

test('who comes again keeps name and place; the old connection is closed, nobody hears of a leaving', () => {
  const worker = new ChatWorld().start(0)
  const [ada, bo] = [new Visitor(worker).join('Ada'), new Visitor(worker).join('Bo')]
  const again = new Visitor(worker).join('Bo')
  assert.equal(bo.closedWith, replacedCode)
  assert.deepEqual(
    [ada.names, again.names],
    [
      ['Ada', 'Bo'],
      ['Ada', 'Bo'],
    ],
  )
  assert.ok(!ada.got.some(({ type }) => type === 'left'))
})

test('workers: people and messages of one are seen on the other', () => {
  const world = new ChatWorld()
  const ada = new Visitor(world.start(1)).join('Ada')
  ada.say('early')
  const bo = new Visitor(world.start(2)).join('Bo')
  assert.deepEqual(
    [ada.names, bo.names],
    [
      ['Ada', 'Bo'],
      ['Ada', 'Bo'],
    ],
  )
  const welcome = bo.got[0]
  assert.ok(welcome?.type === 'welcome')
  assert.deepEqual(
    welcome.recent.map(({ text }) => text),
    ['early'],
  )
  bo.say('late')
  assert.deepEqual(ada.texts, ['early', 'late'])
})

test('a worker that dies takes its people with it, everywhere', () => {
  const world = new ChatWorld()
  const ada = new Visitor(world.start(1)).join('Ada')
  const second = world.start(2)
  new Visitor(second).join('Bo')
  const cy = new Visitor(world.start(3)).join('Cy')
  world.kill(2)
  assert.deepEqual(
    [ada.names, cy.names],
    [
      ['Ada', 'Cy'],
      ['Ada', 'Cy'],
    ],
  )
  assert.deepEqual(new Visitor(world.start(4)).join('Di').names, ['Ada', 'Cy', 'Di'])
})

test('who reconnects to another worker moves there, even if the old worker notices late', () => {
  const world = new ChatWorld()
  const [first, second] = [world.start(1), world.start(2)]
  const ada = new Visitor(second).join('Ada')
  const bo = new Visitor(first).join('Bo')
  world.held = true
  const again = new Visitor(second).join('Bo')
  bo.leave()
  world.held = false
  world.release()
  assert.deepEqual(
    [ada.names, again.names],
    [
      ['Ada', 'Bo'],
      ['Ada', 'Bo'],
    ],
  )
})

test('the same name at the same moment on two workers: one gives way, the same one everywhere', () => {
  const world = new ChatWorld()
  const [first, second] = [world.start(1), world.start(2)]
  world.held = true
  const one = new Visitor(first).join('Ada', 'lobby', 'key-one-0000000000')
  const two = new Visitor(second).join('Ada', 'lobby', 'key-two-0000000000')
  world.held = false
  world.release()
  assert.deepEqual(one.names, ['Ada', 'Ada 2'])
  assert.deepEqual(two.names, ['Ada', 'Ada 2'])
})

test('whatever comes in whatever order, in the end everyone sees exactly who is here', () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('join'), who: fc.nat(5), worker: fc.nat(2) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('leave'), who: fc.nat(5), worker: fc.nat(2) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('restart'), who: fc.nat(5), worker: fc.nat(2) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('release'), who: fc.nat(5), worker: fc.nat(2) }),
    },
  )
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      fc.infiniteStream(fc.nat(1000)),
      (steps, draws) => {
        const world = new ChatWorld()
        const slots = [world.start(1), world.start(2), world.start(3)]
        const here = new Map<number, Visitor>()
        let lastId = 3
        world.held = true
        const pick = (count: number): number => (draws.next().value as number) % count
        for (const { kind, who, worker } of steps) {
          const slot = slots[worker]
          if (!slot) continue
          // A person is in one place at a time, as far as it knows itself; the old place hears of it when it hears of it.
          if (kind === 'join') {
            here.get(who)?.leave()
            here.set(who, new Visitor(slot).join(`P${who}`))
          } else if (kind === 'leave') {
            here.get(who)?.leave()
            here.delete(who)
          } else if (kind === 'restart') {
            world.kill(slot.id, pick)
            for (const [someone, visitor] of here) if (visitor.worker === slot) here.delete(someone)
            slots[worker] = world.start(++lastId)
          } else {
            world.release(pick)
          }
        }
        world.release(pick)
        const expected = [...here.keys()].map((who) => `P${who}`).sort()
        for (const visitor of here.values()) {
          assert.deepEqual(visitor.names, expected)
        }
      },
    ),
    { numRuns: 300 },
  )
})
