import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AGAIN, Errno, READ, SimNetwork, WRITE } from 'holdline/loop'
import { FakeClock } from 'holdline/testing'
import { SimEnd } from '../../../src/models/loop/sim-network.ts'

const clock = new FakeClock()

function pair(network: SimNetwork, port: number): readonly [SimEnd, SimEnd] {
  let far: SimEnd | null = null
  network.take({ host: '127.0.0.1', port }, (end) => {
    far = end
    return true
  })
  const near = new SimEnd(network.windowBytes)
  assert.equal(network.connect(near, { host: '127.0.0.1', port }), true)
  return [near, far!]
}

test('a line holds its window, and no more', () => {
  const network = new SimNetwork({ clock, windowBytes: 10 })
  const [near, far] = pair(network, 1)
  const told: number[] = []
  near.onChanged = (changed) => told.push(changed)
  assert.equal(near.write(Buffer.alloc(20), 20), 10)
  assert.equal(near.write(Buffer.alloc(20), 20), AGAIN)
  assert.equal(near.readyFor, 0)
  assert.equal(far.read(Buffer.alloc(4), 4), 4)
  assert.deepEqual(told, [WRITE])
  assert.equal(near.readyFor, WRITE)
  assert.equal(near.write(Buffer.alloc(20), 20), 4)
})

test('the end comes behind the bytes; a reset before them', () => {
  const network = new SimNetwork({ clock })
  const [near, far] = pair(network, 1)
  near.write(Buffer.from('x'), 1)
  near.endWriting()
  assert.equal(near.write(Buffer.from('x'), 1), Errno.EPIPE)
  const room = Buffer.alloc(4)
  assert.equal(far.read(room, 4), 1)
  assert.equal(far.read(room, 4), 0)
  assert.equal(far.readyFor & READ, READ)
  const [one, other] = pair(network, 2)
  one.write(Buffer.from('x'), 1)
  one.reset()
  assert.equal(other.read(room, 4), Errno.ECONNRESET)
  assert.equal(other.read(room, 4), 0)
  assert.equal(other.write(room, 4), Errno.EPIPE)
})

test('what is left to chance is left to the seed', () => {
  const draw = (seed: number): number[] => {
    const network = new SimNetwork({ clock, seed, splits: true })
    return Array.from({ length: 20 }, () => network.portion(1_000))
  }
  assert.deepEqual(draw(7), draw(7))
  assert.notDeepEqual(draw(7), draw(8))
  assert.ok(draw(7).every((count) => count >= 1 && count <= 1_000))
  assert.equal(new SimNetwork({ clock }).portion(1_000), 1_000)
})

test('scripts serve and dial', () => {
  const network = new SimNetwork({ clock })
  assert.equal(network.dial({ port: 5 }), null)
  network.serve(5, (peer) => peer.send('welcome'))
  const peer = network.dial({ port: 5 })!
  assert.equal(peer.waitingBytes, 7)
  assert.equal(Buffer.from(peer.take(3)).toString(), 'wel')
  assert.equal(peer.takeText(), 'come')
  assert.equal(peer.isEnded, false)
  assert.equal(peer.isReset, false)
})
