import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callbacks } from 'holdline/callbacks'
import { Chaos, simulate } from 'holdline/testing'
import type { Simulation } from 'holdline/testing'

const echo = callbacks({ message: (connection, data) => void connection.send(data) })
const chat = callbacks({
  open: (connection) => void connection.subscribe('chat'),
  message: (_, data) => void data,
})

function open(seed: number): Promise<Simulation> {
  return simulate({ seed, serve: () => ({ routes: { '/echo': echo, '/chat': chat } }) })
}

test('a client talks to a route, gets its close code, and is told of a route that there is not', async () => {
  await using simulation = await open(1)
  const heard: unknown[] = []
  const client = simulation.connect({
    path: '/echo',
    onOpen: (opened) => opened.send('hello'),
    onMessage: (message, opened) => {
      heard.push(message)
      if (message === 'hello') opened.send(Uint8Array.of(1, 2))
      else opened.close(4000)
    },
    onClose: (code) => heard.push(code),
  })
  await simulation.until('its end', () => client.isClosed)
  assert.deepEqual(heard, ['hello', Buffer.of(1, 2), 4000])
  const refused = simulation.connect({ path: '/none', onClose: (code) => heard.push(code) })
  await simulation.until('the refusal', () => refused.isClosed)
  assert.equal(heard.at(-1), 404)
  assert.deepEqual(simulation.clients, [])
})

test('publications pass between processes; a killed process comes back, and its clients are told', async () => {
  await using simulation = await open(2)
  const heard: string[] = []
  const join = (process: number): void => {
    simulation.connect({
      path: '/chat',
      process,
      onMessage: (message) => heard.push(`${process}: ${String(message)}`),
      onClose: (code) => heard.push(`${process} closed ${code}`),
    })
  }
  join(0)
  join(1)
  await simulation.pass(100)
  await simulation.settled(simulation.processes[0]!.server!.publish('chat', 'a'))
  await simulation.pass(100)
  assert.deepEqual(heard.splice(0).toSorted(), ['0: a', '1: a'])
  const { name } = simulation.processes[1]!
  simulation.processes[1]!.kill()
  await simulation.pass(10)
  assert.deepEqual(heard.splice(0), ['1 closed 1006'])
  join(1)
  await simulation.pass(10)
  assert.deepEqual(heard.splice(0), ['1 closed 1006'], 'nobody listens')
  void simulation.processes[1]!.start()
  await simulation.until('it to listen', () => simulation.processes[1]!.isRunning)
  assert.notEqual(simulation.processes[1]!.name, name)
  join(1)
  await simulation.pass(100)
  await simulation.settled(simulation.processes[0]!.server!.publish('chat', 'b'))
  await simulation.pass(100)
  assert.deepEqual(heard.toSorted(), ['0: b', '1: b'])
})

test('what a script throws is told to whoever lets time pass', async () => {
  await using simulation = await open(3)
  simulation.connect({
    path: '/echo',
    onOpen: () => {
      throw new Error('of the script')
    },
  })
  await assert.rejects(simulation.pass(100), /of the script/)
  simulation.after(5, () => {
    throw new Error('of a timer')
  })
  await assert.rejects(simulation.pass(100), /of a timer/)
  await simulation.pass(100)
  await assert.rejects(
    simulation.until('nothing', () => false, 50),
    /Seed 3: waited in vain for nothing/,
  )
})

test('the same seed gives the same hour of chaos again, another one another', async () => {
  const hour = async (seed: number): Promise<[string, number, number]> => {
    await using simulation = await open(seed)
    const join = (i: number): void => {
      simulation.connect({
        path: i % 2 === 0 ? '/chat' : '/echo',
        onOpen: (client) => client.send(`${i}`),
        onMessage: (message) => simulation.note(`${i} ${String(message)}`),
        onClose: (code) => {
          simulation.note(`${i} closed ${code}`)
          simulation.after(simulation.random.between(100, 5_000), () => join(i))
        },
      })
    }
    for (let i = 0; i < 4; i++) join(i)
    const publish = (): void => {
      simulation.after(simulation.random.between(500, 2_000), publish)
      const { server } = simulation.random.pick(simulation.processes)
      const done = server?.publish('chat', `at ${simulation.clock.now()}`)
      done?.then(
        () => simulation.note('published'),
        (error: Error) => simulation.note(error.message),
      )
    }
    publish()
    const chaos = new Chaos(simulation)
    chaos.start()
    await simulation.pass(3_600_000)
    chaos.stop()
    await simulation.until('all to run', () => simulation.processes.every((p) => p.isRunning))
    return [simulation.events.hash, simulation.events.count, chaos.count]
  }
  const startedAt = performance.now()
  const one = await hour(4)
  const tookMs = performance.now() - startedAt
  assert.ok(one[2] > 500, `${one[2]} faults were done`)
  assert.ok(one[1] > 5_000, `${one[1]} events`)
  assert.deepEqual(await hour(4), one)
  assert.notDeepEqual(await hour(5), one)
  assert.ok(tookMs < 60_000, `an hour took ${tookMs.toFixed()} ms`)
})
