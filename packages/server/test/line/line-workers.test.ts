// Lines over real workers: a cursor that one gave is believed by the other, and a revocation reaches all of them, those
// that start later too.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { kill, RunningProgram } from '../server/running-program.ts'
import type { Fact } from '../server/running-program.ts'

type Asked = Fact & { readonly asked: string; readonly by: number }

/** The fields that are looked at here. */
interface Envelope {
  readonly type: string
  readonly cursor: object
  readonly recovered: boolean
  readonly data: unknown
  readonly code: string
}

class Line {
  readonly socket: WebSocket
  readonly #messages: Envelope[] = []
  readonly closed: Promise<readonly [number, string]>
  #arrived = (): void => {}

  constructor(port: number, token: string) {
    const headers = { Authorization: `Bearer ${token}` }
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/live`, ['holdline.v1'], { headers })
    this.socket.on('message', (data: Buffer) => {
      this.#messages.push(JSON.parse(data.toString()) as Envelope)
      this.#arrived()
    })
    this.socket.on('error', () => {})
    this.closed = once(this.socket, 'close').then(([code, reason]) => {
      this.#arrived()
      return [code as number, String(reason)] as const
    })
  }

  async expect(type: string): Promise<Envelope> {
    while (this.#messages.length === 0) {
      assert.ok(this.socket.readyState < WebSocket.CLOSING, `closed before ${type}`)
      await new Promise<void>((resolve) => (this.#arrived = resolve))
    }
    const message = this.#messages.shift()!
    assert.equal(message.type, type, JSON.stringify(message))
    return message
  }

  async ask(message: object, type: string): Promise<Envelope> {
    this.socket.send(JSON.stringify({ id: 1, ...message }))
    return this.expect(type)
  }
}

/** A line in each of the two workers, by the process that holds it. */
async function lineInEach(
  program: RunningProgram,
  port: number,
  token: string,
): Promise<Map<number, Line>> {
  const lines = new Map<number, Line>()
  for (let i = 0; lines.size < 2 && i < 100; i++) {
    const line = new Line(port, token)
    await line.expect('welcome')
    const topic = `probe.${token}.${i}`
    await line.ask({ type: 'subscribe', topic }, 'subscribed')
    const [fact] = await program.factsWith((one) => (one as Asked).asked === topic)
    const { by } = fact as Asked
    if (lines.has(by)) line.socket.terminate()
    else lines.set(by, line)
  }
  assert.equal(lines.size, 2)
  return lines
}

test('workers believe the cursors of one another, and close who is revoked within five seconds', async (t) => {
  const program = new RunningProgram({ processes: 2, graceMs: 500 }, 'lines.ts')
  t.after(() => program[Symbol.asyncDispose]())
  const { port } = await program.listening(2)
  const [one, other] = [...(await lineInEach(program, port!, 'ann')).values()] as [Line, Line]
  const { cursor } = await one.ask({ type: 'subscribe', topic: 'news.a' }, 'subscribed')
  await one.ask({ type: 'publish', topic: 'news.a', data: 1 }, 'published').catch(() => {})
  const resumed = await other.ask(
    { type: 'subscribe', topic: 'news.a', since: cursor },
    'subscribed',
  )
  assert.equal(resumed.recovered, true)
  assert.equal((await other.expect('pub')).data, 1)

  const mallory = await lineInEach(program, port!, 'mallory')
  const revokedAt = performance.now()
  one.socket.send(JSON.stringify({ type: 'subscribe', id: 9, topic: 'revoke.mallory' }))
  for (const line of mallory.values()) {
    assert.deepEqual(await line.closed, [4403, 'ERR_IDENTITY_REVOKED'])
  }
  const tookMs = performance.now() - revokedAt
  assert.ok(tookMs < 5_000, `closed after ${Math.round(tookMs)} ms`)
  for (const fact of [...program.workers]) kill(fact.pid, 'SIGKILL')
  // Their successors never heard of it, and know it all the same.
  await program.factsWith(({ workerId }) => workerId !== undefined && workerId > 2, 2)
  const ann = new Line(port!, 'ann')
  await ann.expect('welcome')
  ann.socket.terminate()
})
