// Asks that `receive` took, and who is held back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Asked } from '../../../src/models/actors/ask.ts'
import { Rare } from '../../../src/models/actors/rare.ts'

class Question implements Asked {
  isDone = false
  failed: unknown[] = []

  reply(): void {
    this.isDone = true
  }

  fail(reason: unknown): void {
    this.failed.push(reason)
  }

  refuse(): void {}
}

test('with the actor fails the ask that runs, and each that was received', () => {
  const rare = new Rare()
  rare.failAll('before')
  const [runs, received] = [new Question(), new Question()]
  rare.ask = runs
  rare.awaitReply(received)
  rare.failAll('killed')
  assert.deepEqual([runs.failed, received.failed], [['killed'], ['killed']])
})

test('asks that were answered are forgotten, those that were not are kept', () => {
  const rare = new Rare()
  const asks = Array.from({ length: 100 }, () => new Question())
  for (const [i, ask] of asks.entries()) {
    rare.awaitReply(ask)
    if (i !== 3) ask.reply()
  }
  rare.failAll('killed')
  assert.deepEqual(asks[3]!.failed, ['killed'])
  assert.ok(asks.filter(({ failed }) => failed.length > 0).length <= 33)
})

test('senders are held until all are let go', () => {
  const rare = new Rare()
  let held = 0
  const sender = { holdBack: () => void held++, letGo: () => void held-- }
  rare.letAllGo()
  rare.hold(sender)
  rare.hold(sender)
  assert.equal(held, 1)
  rare.letAllGo()
  assert.equal(held, 0)
})
