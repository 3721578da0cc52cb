// The pages of lines, identity and delivery: their samples run and do what the pages say, their tables are complete.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SignJWT } from 'jose'
import { errorCatalogue } from 'holdline/protocol'
import { lineErrors } from '../../src/protocol/error-entries/line.ts'
import { GuideClient } from '../guide/guide-client.ts'
import { GuidePage } from '../guide/guide-page.ts'
import { testSamples } from '../guide/page-tests.ts'

const pages = { line: new GuidePage('line.md'), identity: new GuidePage('identity.md') }

function json(value: object): string {
  return JSON.stringify(value)
}

async function next(client: GuideClient): Promise<Record<string, unknown>> {
  return JSON.parse(await client.next()) as Record<string, unknown>
}

testSamples(pages.line, {
  live: async ({ at }) => {
    const reader = new GuideClient(`ws://${at}/live`, {}, ['holdline.v1'])
    assert.equal((await next(reader))['type'], 'welcome')
    await reader.send(json({ type: 'subscribe', id: 1, topic: 'news.start', since: 'start' }))
    assert.equal((await next(reader))['type'], 'subscribed')
    assert.deepEqual((await next(reader))['data'], { text: 'the server is up' })
    await reader.send(json({ type: 'publish', id: 2, topic: 'chat.a', data: 1 }))
    assert.equal((await next(reader))['code'], 'ERR_TOPIC_FORBIDDEN')
    await reader.send(json({ type: 'hello', id: 3, token: 'ann’s token' }))
    assert.equal((await next(reader))['identity'], 'ann')
    await reader.send(json({ type: 'publish', id: 4, topic: 'chat.a', data: 1 }))
    assert.equal((await next(reader))['type'], 'published')
    reader.terminate()
  },
  review: async ({ at }) => {
    const headers = { authorization: 'Bearer ann' }
    const ann = new GuideClient(`ws://${at}/chat`, { headers }, ['holdline.v1'])
    assert.equal((await next(ann))['identity'], 'ann')
    await ann.send(json({ type: 'publish', id: 1, topic: 'a', data: 7 }))
    assert.equal((await next(ann))['code'], 'ERR_LINE_FIELD')
    await ann.send(json({ type: 'subscribe', id: 2, topic: 'a' }))
    assert.equal((await next(ann))['type'], 'subscribed')
    await ann.send(json({ type: 'publish', topic: 'a', data: 'hello' }))
    assert.deepEqual((await next(ann))['data'], { by: 'ann', text: 'hello' })
    ann.terminate()
  },
})

testSamples(pages.identity, {
  jwt: async ({ at, server }) => {
    const key = Buffer.from('only for this page, and 32 bytes long')
    const sign = (sub: string, iatS: number): Promise<string> =>
      new SignJWT({ sub, iat: iatS, iss: 'https://accounts.example.com', aud: 'live' })
        .setProtectedHeader({ alg: 'HS256' })
        .setExpirationTime('1m')
        .sign(key)
    const nowS = Math.floor(Date.now() / 1_000)
    const connect = async (token: string): Promise<GuideClient> =>
      new GuideClient(`ws://${at}/live`, { headers: { authorization: `Bearer ${token}` } }, [
        'holdline.v1',
      ])
    const ann = await connect(await sign('ann', nowS))
    assert.equal((await next(ann))['identity'], 'ann')
    const mallory = await connect(await sign('mallory', nowS - 5))
    assert.equal(await mallory.closed(), 4403)
    await server!.revoke({ identity: 'ann' })
    assert.equal(await ann.closed(), 4403)
  },
})

testSamples(new GuidePage('delivery.md'), { acknowledged: ['1 1'] })

test('the tables of both pages together have each code of the line', () => {
  const explained = Object.values(pages).flatMap((page) => page.explainedCodes)
  assert.deepEqual(explained.toSorted(), Object.keys(lineErrors).toSorted())
  for (const code of explained) assert.ok(code in errorCatalogue)
})
