// What a client library sees of a simulated line.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callbacks } from '../../../src/models/callbacks/index.ts'
import { simulate } from '../../../src/testing/simulation/simulation.ts'
import { SimulatedWebSocket } from '../../../src/testing/simulation/simulated-web-socket.ts'

const echo = callbacks({
  subprotocols: ['chat'],
  message(connection, data) {
    if (data === 'who') connection.send(connection.request.query.get('name') ?? '')
    else if (data === 'close') connection.close(4_001)
    else connection.send(data)
  },
})

test('it opens, sends and is sent text and bytes, and is closed with its code', async () => {
  const simulation = await simulate({ seed: 1, serve: () => ({ routes: { '/echo': echo } }) })
  const socket = new SimulatedWebSocket(simulation, 'ws://simulated/echo?name=ann', ['chat'])
  const heard: unknown[] = []
  socket.onopen = () => heard.push('open')
  socket.onmessage = ({ data }) => heard.push(data)
  socket.onclose = ({ code }) => heard.push(code)
  assert.equal(socket.readyState, 0)
  await simulation.until('it to open', () => socket.readyState === 1)
  for (const message of ['who', 'text', Uint8Array.of(1, 2), 'close']) socket.send(message)
  await simulation.until('it to be closed', () => socket.readyState === 3)
  await simulation.pass(10)
  assert.deepEqual(heard, ['open', 'ann', 'text', Uint8Array.of(1, 2).buffer, 4_001])
  await simulation.stop()
})

test('a path that nobody serves, and a line that is let go before it stands, end with 1006', async () => {
  const simulation = await simulate({ seed: 1, serve: () => ({ routes: { '/echo': echo } }) })
  const codes: number[] = []
  const lost = new SimulatedWebSocket(simulation, 'ws://simulated/nowhere')
  lost.onclose = ({ code }) => codes.push(code)
  const early = new SimulatedWebSocket(simulation, 'ws://simulated/echo')
  early.onclose = ({ code }) => codes.push(code)
  early.close()
  await simulation.until('both to end', () => codes.length === 2)
  assert.deepEqual(codes, [1_006, 1_006])
  await simulation.stop()
})

test('time and chance are those of the simulation', async () => {
  const run = async (): Promise<number[]> => {
    const simulation = await simulate({ seed: 5, serve: () => ({ routes: { '/echo': echo } }) })
    const { now, random, setTimeout, clearTimeout } = simulation.environment
    const told: number[] = []
    setTimeout(() => told.push(now()), 1_000)
    clearTimeout(setTimeout(() => told.push(-1), 500))
    clearTimeout(undefined)
    await simulation.pass(5_000)
    told.push(random())
    await simulation.stop()
    return told
  }
  const told = await run()
  assert.equal(told.length, 2)
  assert.deepEqual(await run(), told)
})
