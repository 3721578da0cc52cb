// Presence through a whole server: who is there while a connection is open, on each engine.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contract } from 'holdline'
import type { Connection } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { z } from 'zod'
import { wireEngines, wireServer } from '../server/wire-server.ts'
import type { WireServer } from '../server/wire-server.ts'

async function here(wire: WireServer): Promise<string[]> {
  const members = await wire.settled(wire.server.topic('room').members())
  return members.map(({ member, state }) => `${member} ${JSON.stringify(state)}`).toSorted()
}

for (const engine of wireEngines) {
  test(`${engine}: a member is there while its connection is open, with the state it was given last`, async () => {
    const held: Connection[] = []
    await using wire: WireServer = await wireServer(engine, {
      routes: {
        '/': callbacks({
          open(connection) {
            held.push(connection)
            wire.server.topic('room').present(connection, `m${held.length}`)
          },
          message(connection, state) {
            const member = `m${held.indexOf(connection) + 1}`
            wire.server.topic('room').present(connection, member, String(state))
          },
        }),
      },
    })
    const [one, two, three] = [await wire.connect(), await wire.connect(), await wire.connect()]
    await wire.pass(20)
    assert.deepEqual(await here(wire), ['m1 null', 'm2 null', 'm3 null'])
    const left: string[] = []
    const stop = wire.server
      .topic('room')
      .watch(({ left: gone }) => void left.push(...gone.map(({ member }) => member)))
    one.text('busy')
    two.cut()
    three.close(1000)
    await wire.until('two to leave', () => left.length === 2)
    assert.deepEqual(await here(wire), ['m1 "busy"'])
    // One that is closed already is not announced: nothing would ever take it away.
    wire.server.topic('room').present(held[2]!, 'ghost')
    wire.server.topic('room').absent(held[0]!)
    await wire.pass(20)
    assert.deepEqual(await here(wire), [])
    stop()
  })
}

test('a member of a typed connection leaves when the connection closes', async () => {
  const chat = contract({ in: z.object({ text: z.string() }), out: z.object({}) })
  await using wire: WireServer = await wireServer('memory', {
    routes: {
      '/': callbacks(chat, {
        open: (connection) => wire.server.topic('room').present(connection, 'ann', 1),
      }),
    },
  })
  const peer = await wire.connect()
  await wire.pass(20)
  assert.deepEqual(await here(wire), ['ann 1'])
  peer.cut()
  await wire.pass(20)
  assert.deepEqual(await here(wire), [])
})

test('presence is no topic of the program: it is not counted, and a lone server says nothing of it', async () => {
  await using wire = await wireServer('memory', { routes: {} })
  assert.equal((await wire.server.stats()).topics, 0)
})
