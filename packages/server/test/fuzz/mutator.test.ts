import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { maxInputBytes, mutate, Random } from './mutator.ts'

const corpus = ['', 'a', 'Upgrade: websocket', '\x81\x85abcdHello'].map((text) =>
  Uint8Array.from(Buffer.from(text, 'latin1')),
)

function inputs(seed: number, count: number): string[] {
  const random = new Random(seed)
  return Array.from({ length: count }, () => Buffer.from(mutate(random, corpus)).toString('hex'))
}

test('a seed gives the same inputs again, another one gives others', () => {
  assert.deepEqual(inputs(1, 2000), inputs(1, 2000))
  assert.notDeepEqual(inputs(1, 100), inputs(2, 100))
})

test('inputs vary in content and length, leave the corpus alone and stay bounded', () => {
  const before = corpus.map((seed) => Buffer.from(seed).toString('hex'))
  const made = inputs(3, 20_000)
  assert.ok(new Set(made).size > 10_000)
  assert.ok(new Set(made.map((hex) => hex.length)).size > 100)
  assert.ok(made.every((hex) => hex.length <= 2 * maxInputBytes))
  assert.deepEqual(
    corpus.map((seed) => Buffer.from(seed).toString('hex')),
    before,
  )
})

test('the generator is even and does not stick at zero', () => {
  const counts = new Uint32Array(16)
  const random = new Random(0)
  for (let n = 0; n < 160_000; n++) counts[random.below(16)]!++
  assert.ok(
    counts.every((count) => count > 9000 && count < 11_000),
    counts.join(),
  )
})
