// A link over real sockets; what it does within a mesh is told in process-broker.test.ts.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { controlFrame, FrameKind } from '../../../src/brokers/process/mesh-frame.ts'
import { IncomingLine, PeerLink } from '../../../src/brokers/process/peer-link.ts'
import { until } from './raw-process.ts'

async function pair(t: TestContext): Promise<[Socket, Socket]> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [far] = (await once(server, 'connection')) as [Socket]
  for (const socket of [near, far]) socket.on('error', () => {})
  t.after(() => {
    near.destroy()
    far.destroy()
    server.close()
  })
  return [near, far]
}

function linkOver(out: Socket, stuckMs = 60_000): { link: PeerLink; events: string[] } {
  const events: string[] = []
  const link = new PeerLink(7, out, stuckMs, {
    frame: (_link, kind) => {
      events.push(`frame ${kind}`)
      return kind === FrameKind.TEXT
    },
    gone: (_link, reason) => events.push(`gone ${reason}`),
  })
  return { link, events }
}

test('a write is told of when it is with the kernel', async (t) => {
  const [near, far] = await pair(t)
  const { link } = linkOver(near)
  const error = await new Promise((resolve) => link.write(Buffer.from('x'), resolve))
  assert.equal(error, null)
  const [chunk] = (await once(far, 'data')) as [Buffer]
  assert.equal(chunk.toString(), 'x')
})

test('writes to a process that died are settled without an error; those to one that is cut with one', async (t) => {
  const big = Buffer.alloc(50_000_000)
  const [near, far] = await pair(t)
  const dead = linkOver(near)
  far.pause()
  const first = new Promise((resolve) => dead.link.write(big, resolve))
  far.destroy()
  assert.equal(await first, null)
  assert.equal(await new Promise((resolve) => dead.link.write(big, resolve)), null)
  await dead.link.whenGone
  assert.deepEqual(dead.events, ['gone line'])

  const [near2, far2] = await pair(t)
  const stuck = linkOver(near2, 50)
  far2.pause()
  const error = await new Promise((resolve) => stuck.link.write(big, resolve))
  assert.equal((error as { code: string }).code, 'ERR_BROKER_BACKLOG')
  await stuck.link.whenGone
  assert.deepEqual(stuck.events, ['gone stuck'])
})

test('an idle link is not cut for silence', async (t) => {
  const [near] = await pair(t)
  const { link, events } = linkOver(near, 10)
  await new Promise((resolve) => link.write(Buffer.from('x'), resolve))
  await new Promise((resolve) => setTimeout(resolve, 60))
  assert.deepEqual(events, [])
})

test('frames come from the incoming line, and its end is the end of the link', async (t) => {
  const [near] = await pair(t)
  const [caller, called] = await pair(t)
  const { link, events } = linkOver(near)
  const greeted: string[] = []
  void new IncomingLine(called, 1_000, (hello) => {
    greeted.push(hello)
    return link
  })
  caller.write(controlFrame(FrameKind.HELLO, 'it is me'))
  await link.answered
  assert.equal(link.hasIncoming, true)
  assert.deepEqual(greeted, ['it is me'])
  link.hears = false
  caller.write(controlFrame(FrameKind.TEXT))
  caller.write(controlFrame(FrameKind.HEAR))
  await until('the frames', () => link.hears)
  caller.end(controlFrame(FrameKind.GOODBYE))
  await link.whenGone
  assert.deepEqual(events, [`frame ${FrameKind.TEXT}`, 'gone null'])
})

test('a caller that is not greeted, or does not begin with a hello, is let go', async (t) => {
  for (const kind of [FrameKind.HELLO, FrameKind.TEXT]) {
    const [caller, called] = await pair(t)
    void new IncomingLine(called, 1_000, () => null)
    caller.write(controlFrame(kind))
    await once(caller.resume(), 'close')
  }
})

test('leave ends the line behind all that was written, or gives up in time', async (t) => {
  const [near, far] = await pair(t)
  const { link } = linkOver(near)
  link.write(Buffer.from('last words'))
  await link.leave(1_000)
  const chunks: Buffer[] = []
  far.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(far, 'end')
  const expected = Buffer.concat([Buffer.from('last words'), controlFrame(FrameKind.GOODBYE)])
  assert.deepEqual(Buffer.concat(chunks), expected)

  const [near2, far2] = await pair(t)
  far2.pause()
  const stuck = linkOver(near2)
  stuck.link.write(Buffer.alloc(50_000_000))
  await stuck.link.leave(20)
})

test('a process that lets go of its line is gone', { timeout: 5_000 }, async (t) => {
  const [near, far] = await pair(t)
  const { link, events } = linkOver(near)
  far.end()
  await link.whenGone
  assert.deepEqual(events, ['gone line'])
})

test('a write is answered once, whatever happens later', async (t) => {
  const [near, far] = await pair(t)
  const { link } = linkOver(near)
  let answers = 0
  await new Promise<void>((resolve) => {
    link.write(Buffer.from('x'), () => {
      answers++
      resolve()
    })
  })
  far.destroy()
  await link.whenGone
  assert.equal(answers, 1)
})

test('a process that is cut is gone at once, and once; for a broken line nothing is reported as missed', async (t) => {
  const [near] = await pair(t)
  const { link, events } = linkOver(near)
  link.cut('line')
  assert.deepEqual(events, ['gone line'])
  link.cut('stuck')
  assert.equal(await new Promise((resolve) => link.write(Buffer.from('x'), resolve)), null)
  await link.whenGone
  assert.deepEqual(events, ['gone line'])
})
