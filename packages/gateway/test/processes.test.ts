// The chat over several workers: people of one room sit on different workers, and a worker can die.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { RoomLine } from './chat/room-line.ts'
import { startCommand, workersOf } from './command.ts'

async function roomOf(
  context: TestContext,
  count: number,
): Promise<{ visitors: RoomLine[]; pid: number }> {
  const { url, process: supervisor } = await startCommand(context, ['--processes', '2'])
  const visitors = Array.from({ length: count }, (_, index) => new RoomLine(url, `P${index}`))
  context.after(() => {
    for (const { line } of visitors) line.close()
  })
  const all = everyone(visitors)
  for (const visitor of visitors) {
    await visitor.until('everyone', () => visitor.names.join() === all)
  }
  return { visitors, pid: supervisor.pid as number }
}

const everyone = (visitors: readonly RoomLine[]): string =>
  visitors
    .map(({ name }) => name)
    .toSorted()
    .join()

test('two workers: everyone sees everyone, and hears everyone once, in the same order', async (context) => {
  const { visitors } = await roomOf(context, 8)
  await Promise.all(visitors.map((visitor) => visitor.say(`from ${visitor.name}`)))
  const wanted = visitors.map(({ name }) => `from ${name}`).toSorted()
  for (const visitor of visitors) {
    await visitor.until('all messages', () => visitor.texts.length >= wanted.length)
    assert.deepEqual(visitor.texts.toSorted(), wanted)
    assert.deepEqual(visitor.texts, visitors[0]?.texts)
  }
})

test('workers are killed while people talk: what was acknowledged is heard once, by all, in one order', async (context) => {
  const { visitors, pid } = await roomOf(context, 8)
  const acknowledged: string[] = []
  let isTalking = true
  const talking = visitors.map(async (visitor) => {
    for (let count = 0; isTalking; count += 1) {
      const text = `${visitor.name} says ${count}`
      await visitor.say(text)
      acknowledged.push(text)
      // The gateway takes twenty a second of each.
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  })
  let lostCount = 0
  for (const visitor of visitors) {
    visitor.line.watch(() => visitor.line.state === 'reconnecting' && lostCount++)
  }
  for (let kills = 0; kills < 3; kills += 1) {
    const [speaker] = visitors as [RoomLine]
    const before = speaker.texts.length
    await speaker.until('talk', () => speaker.texts.length > before + 20)
    const [victim] = workersOf(pid)
    process.kill(victim as number, 'SIGKILL')
    await speaker.until('another worker', () => {
      const workers = workersOf(pid)
      return workers.length === 2 && !workers.includes(victim as number)
    })
  }
  isTalking = false
  await Promise.all(talking)
  const wanted = acknowledged.toSorted()
  for (const visitor of visitors) {
    await visitor.until('all messages', () => visitor.texts.length >= wanted.length)
    assert.deepEqual(visitor.texts.toSorted(), wanted)
    assert.deepEqual(visitor.texts, visitors[0]?.texts)
    assert.deepEqual(visitor.gaps, [])
  }
  assert.ok(lostCount > 0, 'no line was lost')
  context.diagnostic(`${wanted.length} messages acknowledged, ${lostCount} lines lost`)
})

test('a worker is killed: its people come back by themselves, and those who do not are gone', async (context) => {
  const { visitors, pid } = await roomOf(context, 8)
  const lost = new Promise<RoomLine>((resolve) => {
    for (const visitor of visitors) {
      visitor.line.watch(() => visitor.line.state === 'reconnecting' && resolve(visitor))
    }
  })
  process.kill(workersOf(pid)[0] as number, 'SIGKILL')
  // One who sat on it does not come back, so nobody but the others can tell that they are gone.
  const gone = await lost
  gone.line.close()
  const left = visitors.filter((visitor) => visitor !== gone)
  const remaining = everyone(left)
  for (const visitor of left) {
    await visitor.until('those who are left', () => visitor.names.join() === remaining)
  }
})
