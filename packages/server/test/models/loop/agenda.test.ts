import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Activity, Agenda } from '../../../src/models/loop/agenda.ts'

class Note extends Activity {
  readonly name: string
  readonly #log: string[]
  readonly #agenda: Agenda
  onRun: () => void = () => {}

  constructor(agenda: Agenda, log: string[], name: string, priority = 4) {
    super(priority)
    this.#agenda = agenda
    this.#log = log
    this.name = name
  }

  fallDue(): void {
    this.#agenda.activate(this, 32)
  }

  run(what: number): void {
    this.#log.push(`${this.name}:${what}`)
    this.onRun()
  }
}

test('runs by priority, then in the order in which it was put there, once for all that it is told', () => {
  const agenda = new Agenda()
  const log: string[] = []
  const [a, b, c] = [
    new Note(agenda, log, 'a'),
    new Note(agenda, log, 'b'),
    new Note(agenda, log, 'c', 0),
  ]
  agenda.activate(a, 1)
  agenda.activate(b, 1)
  agenda.activate(c, 2)
  agenda.activate(a, 2)
  assert.equal(agenda.hasWork, true)
  assert.equal(agenda.run(), 3)
  assert.deepEqual(log, ['c:2', 'a:3', 'b:1'])
  assert.equal(agenda.hasWork, false)
  assert.equal(agenda.run(), 0)
})

test('what was taken off is passed over, and what is put there again runs once', () => {
  const agenda = new Agenda()
  const log: string[] = []
  const [a, b] = [new Note(agenda, log, 'a'), new Note(agenda, log, 'b')]
  agenda.activate(a, 1)
  agenda.activate(b, 1)
  a.active = 0
  agenda.activate(a, 2)
  assert.equal(agenda.run(), 2)
  assert.deepEqual(log, ['a:2', 'b:1'])
})

test('halt leaves the rest for the next time', () => {
  const agenda = new Agenda()
  const log: string[] = []
  const notes = ['a', 'b', 'c'].map((name) => new Note(agenda, log, name))
  for (const note of notes) agenda.activate(note, 1)
  notes[0]!.onRun = () => agenda.halt()
  assert.equal(agenda.run(), 1)
  assert.equal(agenda.hasWork, true)
  assert.equal(agenda.run(), 2)
  assert.deepEqual(log, ['a:1', 'b:1', 'c:1'])
})

type Command =
  | { readonly kind: 'set'; readonly note: number; readonly ms: number }
  | { readonly kind: 'clear'; readonly note: number }
  | { readonly kind: 'pass'; readonly ms: number }

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), note: fc.nat(9), ms: fc.nat(50) }),
  fc.record({ kind: fc.constant('clear' as const), note: fc.nat(9) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(30) }),
)

const byNumber = (one: number, other: number): number => one - other

test('everything falls due in the turn of its time, however often that was changed', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 80 }), (commands) => {
      const agenda = new Agenda()
      const log: string[] = []
      const notes = Array.from({ length: 10 }, (_, i) => new Note(agenda, log, String(i)))
      const expected = new Map<number, number>()
      let now = 0
      for (const done of commands) {
        if (done.kind === 'set') {
          agenda.setDue(notes[done.note]!, now + done.ms)
          expected.set(done.note, now + done.ms)
        } else if (done.kind === 'clear') {
          agenda.clearDue(notes[done.note]!)
          expected.delete(done.note)
        } else {
          now += done.ms
          agenda.passTo(now)
          agenda.run()
          const due = [...expected].filter(([, ms]) => ms <= now).map(([note]) => note)
          for (const note of due) expected.delete(note)
          const ran = log.splice(0).map((text) => Number(text.split(':')[0]))
          assert.deepEqual(ran.toSorted(byNumber), due.toSorted(byNumber))
        }
        const soonest = Math.min(Infinity, ...expected.values())
        assert.ok(agenda.nextMs <= soonest, 'never rings too late')
        assert.equal(agenda.nextMs === Infinity, expected.size === 0)
      }
    }),
  )
})

test('what is due at different times runs in their order, at the same time in the order of setting', () => {
  const agenda = new Agenda()
  const log: string[] = []
  const times = [5, 3, 5, 1, 3, 1]
  for (const [i, ms] of times.entries()) agenda.setDue(new Note(agenda, log, `${ms}.${i}`), ms)
  agenda.passTo(10)
  agenda.run()
  assert.deepEqual(
    log.map((text) => text.split(':')[0]),
    ['1.3', '1.5', '3.1', '3.4', '5.0', '5.2'],
  )
})
