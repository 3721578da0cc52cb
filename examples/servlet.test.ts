// The library is started as its reader would, and asked.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { next, open, withExample } from './run-example.ts'

test('servlet: a library answers under ids, as it can, with one answer, many, or why there is none', () =>
  withExample('servlet', async (url) => {
    const line = await open(`${url}/library`, { cookie: 'card=ann' })
    const ask = (id: number, data: object): void => line.send(JSON.stringify({ id, data }))
    const heard = async (): Promise<unknown> => JSON.parse(await next(line))
    // The answers of one question may come in one piece: they are taken as they come.
    const answers: unknown[] = []
    line.on('message', (data: Buffer) => answers.push(JSON.parse(data.toString())))

    ask(1, { ask: 'read', title: 'Middlemarch' })
    ask(2, { ask: 'find', title: 'Emma' })
    assert.deepEqual(await heard(), { id: 2, data: { reader: 'ann', title: 'Emma', pages: 474 } })
    const { id, error } = (await heard()) as { id: number; error: { code: string } }
    assert.deepEqual([id, error.code], [1, 'ERR_REQUEST_DEADLINE'])

    answers.length = 0
    ask(3, { ask: 'list', by: 'Austen' })
    while (answers.length < 3) await once(line, 'message')
    assert.deepEqual(answers, [
      { id: 3, data: { reader: 'ann', title: 'Emma', pages: 474 } },
      { id: 3, data: { reader: 'ann', title: 'Persuasion', pages: 249 } },
      { id: 3, done: true },
    ])

    ask(4, { ask: 'find', title: 'Ulysses' })
    assert.deepEqual(await heard(), {
      id: 4,
      error: {
        code: 'NOT_ON_THE_SHELF',
        message: 'We do not have this book',
        data: { title: 'Ulysses' },
      },
    })
    line.close()

    const stranger = new WebSocket(`${url}/library`)
    const [refusal] = (await once(stranger, 'error')) as [Error]
    assert.match(refusal.message, /401/)
  }))
