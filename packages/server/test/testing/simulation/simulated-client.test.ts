import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callbacks } from 'holdline/callbacks'
import { simulate } from 'holdline/testing'

const route = callbacks({
  message(connection, data) {
    if (data === 'leave') connection.close(4001, 'as you wish')
    else connection.send(data)
  },
})

test('who stops reading is sent the rest when it reads again; it answers pings meanwhile or is closed', async () => {
  await using simulation = await simulate({ seed: 1, serve: () => ({ routes: { '/': route } }) })
  const heard: unknown[] = []
  const client = simulation.connect({
    onMessage: (message) => heard.push(message),
    onClose: (code) => heard.push(code),
  })
  await simulation.until('it to open', () => client.isOpen)
  client.stopReading()
  assert.equal(client.isReading, false)
  client.send('while away')
  await simulation.pass(1_000)
  assert.deepEqual(heard, [])
  client.startReading()
  await simulation.pass(10)
  assert.deepEqual(heard, ['while away'])
  // Longer than any keepalive: pings were answered.
  await simulation.pass(300_000)
  assert.equal(client.isOpen, true)
  client.send('leave')
  await simulation.until('its end', () => client.isClosed)
  assert.deepEqual(heard, ['while away', 4001])
  client.send('too late')
  client.cut()
})

test('a line that is cut is told once, as 1006', async () => {
  await using simulation = await simulate({ seed: 1, serve: () => ({ routes: { '/': route } }) })
  const codes: number[] = []
  const client = simulation.connect({ onClose: (code) => codes.push(code) })
  await simulation.until('it to open', () => client.isOpen)
  client.cut()
  client.cut()
  await simulation.pass(1_000)
  assert.deepEqual(codes, [1006])
})
