// The messages of a connection, pulled; on a connection that says only what it is told.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { HeldConnection } from '../../../src/connection/held-connection.ts'
import { UNFIT } from '../../../src/connection/message-view.ts'
import type { MessageView } from '../../../src/connection/message-view.ts'
import { LineSource } from '../../../src/models/csp/line-source.ts'
import { quiet, settling } from './settling.ts'

class PausedLine {
  isPaused = false

  pauseFor(): void {
    this.isPaused = true
  }

  resumeFor(): void {
    this.isPaused = false
  }
}

function lineSource<M = string | Uint8Array>(
  view: MessageView<unknown, M> | null = null,
): { line: PausedLine; rx: LineSource<M> } {
  const line = new PausedLine()
  return { line, rx: new LineSource<M>(line as unknown as HeldConnection, view) }
}

describe('the lane, pulled', () => {
  test('a message goes to the task that waits for it, oldest first', async () => {
    const { rx } = lineSource()
    const waits = [settling(rx.receive()), settling(rx.receive())]
    rx.message('a')
    rx.message('b')
    await quiet()
    assert.deepEqual(
      waits.map(({ value }) => value?.value),
      ['a', 'b'],
    )
  })

  test('messages that come while nobody waits are kept, in order', async () => {
    const { rx, line } = lineSource()
    for (const text of ['a', 'b', 'c']) rx.message(text)
    assert.equal(line.isPaused, false)
    assert.deepEqual(await rx.receiveMany(), ['a', 'b', 'c'])
  })

  test('16 messages kept pause the line, until all are taken', async () => {
    const { rx, line } = lineSource()
    for (let i = 0; i < 15; i++) rx.message(String(i))
    assert.equal(line.isPaused, false)
    rx.message('15')
    assert.equal(line.isPaused, true)
    for (let i = 0; i < 15; i++) await rx.receive()
    assert.equal(line.isPaused, true)
    await rx.receive()
    assert.equal(line.isPaused, false)
  })

  test('64 KiB kept pause the line; what is taken does not count', async () => {
    const { rx, line } = lineSource()
    rx.message(new Uint8Array(65_535))
    assert.equal(line.isPaused, false)
    rx.message('x')
    assert.equal(line.isPaused, true)
    await rx.receiveMany()
    rx.message(new Uint8Array(60_000))
    await rx.receive()
    rx.message(new Uint8Array(60_000))
    assert.equal(line.isPaused, false)
  })

  test('bytes are copied, whether they had to wait or not (K8)', async () => {
    const { rx } = lineSource()
    const lent = Uint8Array.of(1, 2)
    const waiting = rx.receive()
    rx.message(lent)
    rx.message(lent)
    lent.fill(9)
    assert.deepEqual((await waiting).value, Uint8Array.of(1, 2))
    assert.deepEqual((await rx.receive()).value, Uint8Array.of(1, 2))
  })

  test('the end comes behind what was kept, to everyone', async () => {
    const { rx } = lineSource()
    rx.message('a')
    rx.end()
    const seen: unknown[] = []
    for await (const message of rx) seen.push(message)
    assert.deepEqual(seen, ['a'])
    assert.deepEqual(rx.tryReceive(), { value: undefined, ok: false })
    const other = lineSource().rx
    const waits = [other.receive(), other.receive()]
    other.end()
    assert.deepEqual(
      (await Promise.all(waits)).map(({ ok }) => ok),
      [false, false],
    )
  })

  test('a message that does not fit its contract reaches nobody', async () => {
    const view: MessageView<unknown, number> = {
      connection: () => null,
      message: (_, data) => (data === 'wrong' ? UNFIT : Number(data)),
    }
    const { rx } = lineSource(view)
    const waiting = settling(rx.receive())
    rx.message('wrong')
    await quiet()
    assert.equal(waiting.isSettled, false)
    rx.message('1')
    rx.message('wrong')
    rx.message('2')
    assert.deepEqual(await rx.receiveMany(), [2])
    assert.deepEqual(waiting.value, { value: 1, ok: true })
  })
})
