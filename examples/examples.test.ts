// Each example is started as its reader would, and used.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { next, open, withExample } from './run-example.ts'

test('echo', () =>
  withExample('echo', async (url) => {
    const line = await open(`${url}/echo`)
    line.send('hello')
    assert.equal(await next(line), 'hello')
    line.close()
  }))

test('rooms', () =>
  withExample('rooms', async (url) => {
    const [ann, bob, other] = await Promise.all(
      ['tea', 'tea', 'coffee'].map((room) => open(`${url}/room/${room}`)),
    )
    const heard: string[] = []
    other!.on('message', (data: Buffer) => heard.push(data.toString()))
    const both = Promise.all([next(ann!), next(bob!)])
    ann!.send('hi')
    assert.deepEqual(await both, ['hi', 'hi'])
    const own = next(other!)
    other!.send('alone')
    await own
    assert.deepEqual(heard, ['alone'])
    for (const line of [ann!, bob!, other!]) line.close()
  }))

test('typed messages', () =>
  withExample('typed-messages', async (url) => {
    const line = await open(`${url}/sum`)
    line.send(JSON.stringify({ id: 1, add: [1, 2, 3] }))
    assert.deepEqual(JSON.parse(await next(line)), { id: 1, sum: 6 })
    line.send(JSON.stringify({ id: 2, add: ['x'] }))
    const answer = JSON.parse(await next(line)) as {
      error: { code: string; issues: { path: (string | number)[] }[] }
    }
    assert.equal(answer.error.code, 'ERR_MESSAGE_INVALID')
    assert.deepEqual(answer.error.issues[0]!.path, ['add', 0])
    line.close()
  }))

test('with Express', () =>
  withExample('with-express', async (url) => {
    const page = await fetch(url.replace('ws', 'http'))
    assert.equal(await page.text(), 'hello')
    const line = new WebSocket(`${url}/me`, { headers: { cookie: 'session=secret-of-ann' } })
    assert.equal(await next(line), 'hello ann')
    line.close()
    const stranger = new WebSocket(`${url}/me`)
    const [error] = (await once(stranger, 'error')) as [Error]
    assert.match(error.message, /401/)
  }))

test('backpressure', () =>
  withExample('backpressure', async (url) => {
    const line = await open(`${url}/numbers`)
    let count = 0
    const done = new Promise<void>((resolve) => {
      line.on('message', (data: Buffer) => {
        if (data.toString() === 'done') resolve()
        else assert.match(data.toString(), new RegExp(`^line ${++count} `))
      })
    })
    line.send('50000')
    await done
    assert.equal(count, 50_000)
    line.close()
  }))
