// The scripted client takes lines apart as they come.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WireLine } from '../../src/testing/engine-harness.ts'
import { wireClosePayload, wireFrame } from '../../src/testing/wire-frame.ts'
import { WirePeer } from '../../src/testing/wire-peer.ts'

class ScriptedLine implements WireLine {
  onBytes: WireLine['onBytes'] = null
  hasEnded = false
  isClosed = false
  readonly written: Uint8Array[] = []
  readonly calls: string[] = []

  write(bytes: Uint8Array): void {
    this.written.push(bytes)
  }

  end(): void {
    this.calls.push('end')
    this.isClosed = true
  }

  cut(): void {
    this.calls.push('cut')
  }

  stopReading(): void {}

  startReading(): void {}
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  await Promise.resolve()
  if (!isSo()) throw new Error(`Waited in vain for ${what}`)
}

const RESPONSE = 'HTTP/1.1 101 Switching Protocols\r\nX-Name:  value \r\n\r\n'

function opened(): { line: ScriptedLine; peer: WirePeer } {
  const line = new ScriptedLine()
  const peer = new WirePeer(line, until)
  line.onBytes!(Buffer.from(RESPONSE))
  return { line, peer }
}

test('the response may come in any pieces, with frames right behind it', async () => {
  const bytes = Buffer.concat([Buffer.from(RESPONSE), wireFrame(1, 'a', { mask: null })])
  for (let cut = 1; cut < bytes.length; cut++) {
    const line = new ScriptedLine()
    const peer = new WirePeer(line, until)
    assert.equal(peer.status, 0)
    line.onBytes!(bytes.subarray(0, cut))
    line.onBytes!(bytes.subarray(cut))
    await peer.answered()
    assert.deepEqual([peer.status, peer.header('x-name'), peer.header('y')], [101, 'value', null])
    assert.equal(await peer.message(), 'a')
    assert.ok(!peer.hasRest)
  }
})

test('messages, close frames and sizes of arrivals', async () => {
  const { line, peer } = opened()
  line.onBytes!(Buffer.concat([wireFrame(1, 'ä'), wireFrame(2, Uint8Array.of(1))]))
  line.onBytes!(wireFrame(8, wireClosePayload(1001, 'why')))
  line.onBytes!(wireFrame(8).subarray(0, 2))
  assert.deepEqual(await peer.messages(2), ['ä', Uint8Array.of(1)])
  assert.deepEqual(await peer.closeFrame(), [1001, 'why'])
  assert.ok(peer.hasRest)
  line.onBytes!(wireFrame(8).subarray(2))
  assert.deepEqual(await peer.closeFrame(), [null, ''])
  assert.deepEqual(peer.arrivalBytes, [8 + 7, 11, 2, 4])
})

test('what is no message or no close frame is not taken for one', async () => {
  const { line, peer } = opened()
  line.onBytes!(Buffer.concat([wireFrame(9), wireFrame(1, 'x', { final: false }), wireFrame(1)]))
  await assert.rejects(peer.message(), /Opcode 9/)
  await assert.rejects(peer.message(), /no message/)
  await assert.rejects(peer.closeFrame(), /Opcode 1/)
  line.isClosed = true
  await assert.rejects(peer.frame(), /closed before a frame/)
})

test('a line that goes without a response is said so', async () => {
  const line = new ScriptedLine()
  const peer = new WirePeer(line, until)
  await assert.rejects(peer.answered(), /in vain/)
  line.isClosed = true
  await assert.rejects(peer.answered(), /without a response/)
})

test('what is sent is what was asked for, each call in one piece', async () => {
  const { line, peer } = opened()
  peer.text('t')
  peer.binary(Uint8Array.of(5))
  peer.ping('p')
  peer.pong()
  peer.close(1000, 'r')
  peer.close()
  peer.raw(Uint8Array.of(1), Uint8Array.of(2))
  const expected = [
    wireFrame(1, 't'),
    wireFrame(2, Uint8Array.of(5)),
    wireFrame(9, 'p'),
    wireFrame(10),
    wireFrame(8, wireClosePayload(1000, 'r')),
    wireFrame(8),
    Uint8Array.of(1, 2),
  ]
  assert.deepEqual(
    line.written,
    expected.map((bytes) => Buffer.from(bytes)),
  )
  line.hasEnded = true
  await peer.closed()
  peer.cut()
  assert.deepEqual(line.calls, ['end', 'cut'])
})
