// Workers that are blocked or killed in the middle of their work: nothing is lost that was not theirs alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WirePeer } from 'holdline/testing'
import { kill, RunningProgram } from '../../server/running-program.ts'
import { connectTo, eventually } from './stand.ts'

const program = '../../engines/uring/programs/echo.ts'

test('a worker that is blocked for a second answers everything afterwards, in order on each line', async () => {
  await using running = new RunningProgram({ engine: 'uring' }, program)
  const [fact] = await running.factsWith(({ port }) => port !== undefined)
  const place = { port: fact!.port! }
  const peers = await Promise.all(Array.from({ length: 60 }, () => connectTo(place)))
  await Promise.all(peers.map((peer) => peer.message()))
  const since = performance.now()
  peers[0]!.text('block 1000')
  let sent = 0
  while (performance.now() - since < 900) {
    for (const peer of peers) peer.text(`${sent} `.padEnd(1 + ((sent * 97) % 2_000), '.'))
    sent++
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.ok(sent > 50, `only ${sent} rounds`)
  // Those who come meanwhile are served too.
  const late = await Promise.all(Array.from({ length: 20 }, () => connectTo(place)))
  assert.ok(performance.now() - since >= 950, 'it was not blocked')
  for (const [i, peer] of peers.entries()) {
    const messages = (await peer.messages(i === 0 ? sent + 1 : sent)) as string[]
    if (i === 0) assert.equal(messages.shift(), 'block 1000')
    assert.deepEqual(
      messages.map((text) => text.split(' ')[0]!),
      Array.from({ length: sent }, (_, round) => `${round}`),
    )
    for (const [round, text] of messages.entries()) {
      assert.equal(text.length, Math.max(`${round} `.length, 1 + ((round * 97) % 2_000)))
    }
  }
  for (const peer of [...peers, ...late]) peer.cut()
})

/** Lines to each of so many workers, as many as they happen to get, and at least some. */
async function linesByWorker(port: number, workerCount: number): Promise<Map<number, WirePeer[]>> {
  const byWorker = new Map<number, WirePeer[]>()
  for (let tries = 0; tries < 400; tries++) {
    const peer = await connectTo({ port })
    const pid = Number(String(await peer.message()).slice(4))
    byWorker.set(pid, [...(byWorker.get(pid) ?? []), peer])
    const enough = [...byWorker.values()].every((peers) => peers.length >= 10)
    if (byWorker.size === workerCount && enough) return byWorker
  }
  throw new Error(`only ${byWorker.size} workers answer`)
}

for (const how of ['process.abort()', 'SIGKILL'] as const) {
  test(`a worker that ends by ${how} in the middle of a batch takes no other along`, async () => {
    await using running = new RunningProgram({ engine: 'uring', processes: 2 }, program)
    const supervisor = await running.listening(2)
    const byWorker = await linesByWorker(supervisor.port!, 2)
    const [[victim, theirs], [survivor, others]] = [...byWorker] as [
      [number, WirePeer[]],
      [number, WirePeer[]],
    ]
    const rounds = 40
    for (let round = 0; round < rounds; round++) {
      for (const peer of [...theirs, ...others]) peer.text(`${round}`)
      if (round === rounds / 2) {
        if (how === 'SIGKILL') kill(victim, 'SIGKILL')
        else theirs[0]!.text('abort')
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    const expected = Array.from({ length: rounds }, (_, round) => `${round}`)
    for (const peer of others) assert.deepEqual(await peer.messages(rounds), expected)
    await eventually('the lines of the one that ended', () =>
      theirs.every((peer) => peer.isClosed || peer.line.hasEnded),
    )
    // A successor takes new lines, and the other one is who it was.
    await running.factsWith(({ workerId }) => workerId !== undefined && workerId > 0, 3)
    const again = await linesByWorker(supervisor.port!, 2)
    assert.ok(again.has(survivor))
    assert.ok(!again.has(victim))
    for (const peer of [...others, ...theirs, ...[...again.values()].flat()]) peer.cut()
  })
}
