// A process that has no descriptor left for another line: those that are there go on, the others wait, and nothing
// spins meanwhile.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import type { Fact } from '../../server/running-program.ts'
import { WirePeer } from 'holdline/testing'
import { dialTcp, untilInTime } from '../../../src/testing/tcp-wire-line.ts'
import { eventually } from './stand.ts'

const LIMIT = 64

function cpuMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[0]) / 1e6
}

test('accepting pauses without a descriptor, and goes on when lines close', async (t) => {
  const program = join(import.meta.dirname, 'programs', 'echo.ts')
  const options = JSON.stringify({ engine: 'uring' })
  const child = spawn(
    'prlimit',
    [`--nofile=${LIMIT}:${LIMIT}`, process.execPath, '-C', 'source', program, options],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  t.after(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const { pid, port } = JSON.parse(line) as Fact
  const dial = async (): Promise<WirePeer> => {
    const request = { method: 'GET', path: '/', headers: {}, behind: new Uint8Array(0) }
    return new WirePeer(await dialTcp(port!, request), untilInTime)
  }
  const peers = await Promise.all(Array.from({ length: 2 * LIMIT }, dial))
  t.after(() => peers.map((peer) => peer.cut()))
  const served = (): WirePeer[] => peers.filter((peer) => peer.frameCount > 0 && !peer.isClosed)
  let before = -1
  while (served().length !== before) {
    before = served().length
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  const first = served()
  assert.ok(first.length > 10 && first.length < LIMIT, `${first.length} are served`)
  for (const peer of first) await peer.message()

  const cpuBefore = cpuMs(pid)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const usedMs = cpuMs(pid) - cpuBefore
  assert.ok(usedMs < 200, `${usedMs} ms of the processor in a second`)

  for (const peer of first) peer.text('hello')
  for (const peer of first) assert.equal(await peer.message(), 'hello')

  for (const peer of first) peer.cut()
  await eventually('those who waited', () => served().length >= first.length)
  const second = served()
  assert.ok(second.every((peer) => !first.includes(peer)))
  for (const peer of second) {
    await peer.message()
    peer.text('at last')
    assert.equal(await peer.message(), 'at last')
    peer.cut()
  }
  assert.equal(child.exitCode, null)
})
