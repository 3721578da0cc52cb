// The example of dispatch queues, started as its reader would, and used.
import assert from 'node:assert/strict'
import { scryptSync } from 'node:crypto'
import { test } from 'node:test'
import { next, open, withExample } from './run-example.ts'

test('queues: a room counts without a gap, whoever speaks, and hashes come from threads', () =>
  withExample('queues', async (url) => {
    const lines = await Promise.all(
      ['tea', 'tea', 'coffee'].map((room) => open(`${url}/room/${room}`)),
    )
    const heard: string[][] = lines.map(() => [])
    const all = new Promise<void>((resolve) => {
      for (const [i, line] of lines.entries()) {
        line.on('message', (data: Buffer) => {
          heard[i]!.push(data.toString())
          if (heard.flat().length === 60) resolve()
        })
      }
    })
    for (let n = 0; n < 20; n++) for (const line of lines) line.send(`n${n}`)
    await all
    const counts = (texts: readonly string[]): number[] => texts.map((text) => parseInt(text))
    const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)
    const tea = [...counts(heard[0]!), ...counts(heard[1]!)]
    assert.deepEqual(
      tea.toSorted((a, b) => a - b),
      upTo(40),
    )
    assert.deepEqual(counts(heard[2]!), upTo(20))
    // Each line's own messages are in order.
    for (const texts of heard) {
      assert.deepEqual(
        texts.map((text) => text.split(': ')[1]),
        upTo(20).map((n) => `n${n - 1}`),
      )
    }
    const hashing = await open(`${url}/hash`)
    hashing.send('secret')
    assert.equal(await next(hashing), scryptSync('secret', 'example', 32).toString('hex'))
    for (const line of [...lines, hashing]) line.close()
  }))
