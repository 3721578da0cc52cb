// What `shed` is asked, and how many that is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Caller, RunningProgram } from './running-program.ts'
import { resolveShed, shedCount } from '../../src/server/shed.ts'

test('a count or a fraction, of those that there are', () => {
  assert.equal(shedCount({ count: 3 }, 10), 3)
  assert.equal(shedCount({ count: 30 }, 10), 10)
  assert.equal(shedCount({ fraction: 0.25 }, 10), 3)
  assert.equal(shedCount({ fraction: 1 }, 10), 10)
  assert.deepEqual(resolveShed({ count: 3 }), { count: 3, overMs: 10_000 })
})

test('what is neither is refused', () => {
  for (const options of [
    {},
    { count: 1, fraction: 0.1 },
    { count: -1 },
    { count: 1.5 },
    { fraction: 1.1 },
    { fraction: Number.NaN },
    { count: 1, overMs: -1 },
    { count: 1, url: 'nowhere' },
    { count: 1, reason: 'x'.repeat(124) },
    { count: 1, wrong: 1 },
  ]) {
    assert.throws(
      () => resolveShed(options),
      { code: 'ERR_OPTION_INVALID' },
      JSON.stringify(options),
    )
  }
})

test('half of the connections of all workers go elsewhere, the others stay', async () => {
  await using program = new RunningProgram({ processes: 2, graceMs: 1_000 })
  const { port } = await program.listening(2)
  const callers: Caller[] = []
  while (callers.length < 20) callers.push(await Caller.call(port!))
  program.tell('shed half')
  const [fact] = await program.factsWith(({ shed }) => shed !== undefined)
  assert.equal(fact!.shed, 10)
  const gone = (): number => callers.filter(({ closeCode }) => closeCode === 1012).length
  // Of each worker half, rounded.
  await program.until('half of them to be closed', () => gone() >= 10)
  assert.ok(gone() <= 11, `${gone()} of 20`)
  for (const { socket } of callers) socket.terminate()
})
