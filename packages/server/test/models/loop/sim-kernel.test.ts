// What only the simulation has: scripts that end the same way every time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLoop, PERSIST, READ, SimNetwork, WRITE } from 'holdline/loop'
import type { SimPeer } from 'holdline/loop'
import { FakeClock } from 'holdline/testing'

async function play(seed: number): Promise<string> {
  const clock = new FakeClock()
  const network = new SimNetwork({ clock, seed, spurious: 0.3, splits: true })
  const loop = createLoop({ backend: 'sim', network })
  let log = ''
  const { port } = await loop.listen({ port: 0 }, (fd) => {
    const buffer = Buffer.alloc(32)
    loop.watch(fd, READ | PERSIST, (event) => {
      const n = event.read(buffer)
      log += `${fd}:${n} `
      if (n === 0) event.close()
      else if (n > 0) event.write(buffer.subarray(0, n))
    })
  })
  const peers = [network.dial({ port })!, network.dial({ port })!]
  for (const peer of peers) peer.send('to be cut into pieces, or not')
  clock.runTurns()
  for (const peer of peers) peer.end()
  clock.runTurns()
  loop.shutDown()
  return log + peers.map((peer) => peer.takeText()).join()
}

test('a seed is a story; another seed is another', async () => {
  assert.equal(await play(3), await play(3))
  assert.notEqual(await play(3), await play(4))
})

test('no time passes but what the clock is told', async () => {
  const clock = new FakeClock()
  const network = new SimNetwork({ clock })
  const loop = createLoop({ backend: 'sim', network })
  let peer: SimPeer | null = null
  network.serve(80, (end) => (peer = end))
  let told = 0
  const event = loop.watch(loop.connect({ port: 80 }), WRITE, () => told++)
  assert.equal(told, 0)
  clock.runTurns()
  assert.equal(told, 1)
  assert.equal(event.error(), 0)
  assert.equal(loop.nowMs, 1_000)
  event.write(Buffer.from('hi'))
  assert.equal(peer!.takeText(), 'hi')
  loop.shutDown()
  assert.equal(peer!.isEnded, true)
})

test('no descriptor of the process can be taken over', () => {
  const network = new SimNetwork({ clock: new FakeClock() })
  const loop = createLoop({ backend: 'sim', network })
  assert.throws(() => loop.adopt(0), { code: 'ERR_LOOP_DESCRIPTOR' })
  network.exhaustDescriptors(1)
  assert.equal(loop.connect({ port: 1 }), -24)
})

test('lines that wait when their listener closes are reset', async () => {
  const network = new SimNetwork({ clock: new FakeClock() })
  const loop = createLoop({ backend: 'sim', network })
  const listener = await loop.listen({ port: 7, backlog: 1 }, () => assert.fail('accepted'))
  const peer = network.dial({ port: 7 })!
  assert.equal(network.dial({ port: 7 }), null, 'the backlog is full')
  listener.close()
  assert.equal(peer.isReset, true)
  assert.equal(network.dial({ port: 7 }), null)
})
