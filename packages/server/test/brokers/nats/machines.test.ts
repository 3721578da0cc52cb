// Two machines and a NATS: the line of one of them goes down, silently, and comes up again.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { BrokerParticipant, allRead, until } from '../../../src/testing/broker-participant.ts'
import { NatsBroker } from '../../../src/brokers/nats/nats-broker.ts'
import { NatsServer } from './nats-server.ts'
import { HOST, otherMachine } from '../other-machine.ts'

interface Said {
  readonly messages: readonly string[]
  readonly gaps: readonly unknown[]
  readonly interrupted: number
  readonly restored: number
}

test('a machine whose line goes down notices, and has missed nothing when it is back', async () => {
  await using server = await NatsServer.start({ host: HOST })
  const machine = await otherMachine(server)
  const here = new BrokerParticipant(
    new NatsBroker({ servers: `127.0.0.1:${server.port}`, prefix: 'machines' }),
  )
  const program = join(import.meta.dirname, 'reading-process.ts')
  const [command, ...args] = [
    ...machine.through,
    ...[process.execPath, '-C', 'source', '--disable-warning=ExperimentalWarning', program],
    machine.address,
  ]
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    let said: Said = { messages: [], gaps: [], interrupted: 0, restored: 0 }
    let hasBegun = false
    createInterface({ input: child.stdout }).on('line', (line) => {
      hasBegun = true
      said = JSON.parse(line) as Said
    })
    await here.start()
    const reader = await here.reader('t')
    await until(
      () => hasBegun,
      () => 'the other machine to begin',
      15_000,
    )
    for (let i = 0; i < 20; i++) await here.append('t', `${i}`)
    child.stdin.write('from the other machine\n')
    await allRead([reader], 21)
    machine.down()
    for (let i = 20; i < 40; i++) await here.append('t', `${i}`)
    await until(
      () => said.interrupted === 1,
      () => 'the other machine to notice',
    )
    machine.up()
    await until(
      () => said.restored === 1 && said.messages.length === 41,
      () => `all to arrive there; there are ${said.messages.length}`,
    )
    const expected = reader.messages
    assert.deepEqual(said, { messages: expected, gaps: [], interrupted: 1, restored: 1 })
    assert.deepEqual(here.interruptions, [])
  } finally {
    child.stdin.end()
    const ended = once(child, 'exit')
    const timer = setTimeout(() => child.kill('SIGKILL'), 2_000)
    if (child.exitCode === null && child.signalCode === null) await ended
    clearTimeout(timer)
    here.endReaders()
    await here.broker.stop()
    await machine.remove()
  }
})
