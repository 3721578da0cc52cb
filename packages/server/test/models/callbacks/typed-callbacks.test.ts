// Callbacks of a contract: what is invalid is answered, what must not leave does not.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { contract } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { z } from 'zod'
import { wireServer } from '../../server/wire-server.ts'
import { tick } from '../gate.ts'

describe('callbacks of a contract', () => {
  const Chat = contract({
    in: z.object({ text: z.string() }),
    out: z.object({ text: z.string().max(5) }),
  })

  test('an invalid message is answered with what is wrong and where, and the connection goes on', async () => {
    const seen: string[] = []
    await using wire = await wireServer('memory', {
      routes: {
        '/': callbacks(Chat, {
          message: (c, { text }) => {
            seen.push(text)
            c.send({ text })
          },
        }),
      },
    })
    const peer = await wire.connect()
    peer.text('{"text":1}')
    const answer = JSON.parse((await peer.message()) as string) as {
      error: {
        code: string
        message: string
        fix: string
        issues: { path: unknown[]; message: string }[]
      }
    }
    assert.equal(answer.error.code, 'ERR_MESSAGE_INVALID')
    assert.deepEqual(answer.error.issues[0]!.path, ['text'])
    assert.notEqual(answer.error.issues[0]!.message, '')
    assert.notEqual(answer.error.fix, '')
    for (const bad of ['', 'not json', '[]', 'null']) {
      peer.text(bad)
      assert.match((await peer.message()) as string, /^\{"error":\{"code":"ERR_MESSAGE_INVALID"/)
    }
    peer.binary(Uint8Array.of(1))
    assert.match((await peer.message()) as string, /expected JSON in a text message/)
    peer.text('{"text":"good"}')
    assert.equal(await peer.message(), '{"text":"good"}')
    assert.deepEqual(seen, ['good'])
  })

  test('a message that the contract does not let out ends the connection with 1011 and is reported', async () => {
    const errors: unknown[] = []
    await using wire = await wireServer('memory', {
      routes: {
        '/': callbacks(Chat, {
          message: async (c, { text }) => {
            await tick()
            c.send({ text })
          },
          error: (_, error) => void errors.push((error as { code?: string }).code),
        }),
      },
    })
    const peer = await wire.connect()
    peer.text('{"text":"longer than five"}')
    assert.deepEqual(await peer.closeFrame(), [1011, 'ERR_HANDLER'])
    await peer.closed()
    assert.deepEqual(errors, ['ERR_MESSAGE_OUT_INVALID'])
    assert.deepEqual((await wire.server.stats()).failures, { ERR_HANDLER: 1 })
  })

  test('an asynchronous schema is the mistake of the program: 1011, and reported', async () => {
    const errors: unknown[] = []
    const slow = contract({ in: z.string().refine(async () => true), out: z.string() })
    await using wire = await wireServer('memory', {
      routes: {
        '/': callbacks(slow, {
          message: () => {},
          error: (_, e) => void errors.push((e as { code?: string }).code),
        }),
      },
    })
    const peer = await wire.connect()
    peer.text('"x"')
    assert.deepEqual(await peer.closeFrame(), [1011, 'ERR_HANDLER'])
    await peer.closed()
    assert.deepEqual(errors, ['ERR_CONTRACT_ASYNC'])
  })

  test('every handler of a connection is given the same object', async () => {
    const given = new Set<unknown>()
    await using wire = await wireServer('memory', {
      routes: {
        '/': callbacks(Chat, {
          open: (c) => void given.add(c),
          message: (c) => void given.add(c),
          close: (c) => void given.add(c),
        }),
      },
    })
    const peer = await wire.connect()
    peer.text('{"text":"a"}')
    peer.close(1000)
    await peer.closeFrame()
    await peer.closed()
    await wire.pass(10)
    assert.equal(given.size, 1)
  })
})
