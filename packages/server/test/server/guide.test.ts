// The pages of the server are true: every sample in them starts, and is talked to; the table of limits is that of the
// code.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { defaultLimits } from 'holdline'
import type { Subscribed } from 'holdline'
import { selfSignedCertificate } from '../../../../conformance/certificate.ts'
import { GuideClient } from '../guide/guide-client.ts'
import { GuidePage, root } from '../guide/guide-page.ts'
import { testSamples } from '../guide/page-tests.ts'
import type { Running, Use } from '../guide/page-tests.ts'

const { key, cert } = selfSignedCertificate()

const echoes = async ({ at }: Running): Promise<void> => {
  const client = new GuideClient(`ws://${at}/echo`)
  await client.exchange('x', 'x')
  client.terminate()
}

const echoesBesideAPage = async (running: Running): Promise<void> => {
  await echoes(running)
  assert.equal(await (await fetch(`http://${running.at}/`)).text(), 'a page')
}

const pages: Readonly<Record<string, Readonly<Record<string, Use>>>> = {
  'callbacks.md': {
    echo: async ({ at }) => {
      const client = new GuideClient(`ws://${at}/echo`)
      assert.equal(await client.next(), 'hello')
      await client.exchange('x', 'x')
      client.terminate()
    },
    data: async ({ at }) => {
      const client = new GuideClient(`ws://${at}/hello?user=ann`)
      assert.equal(await client.next(), 'hello ann')
      client.terminate()
      assert.equal(await new GuideClient(`ws://${at}/hello`).refused(), 401)
    },
    order: async ({ at }) => {
      const client = new GuideClient(`ws://${at}/slow`)
      const sent = Array.from({ length: 20 }, (_, i) => String(i))
      await client.send(...sent)
      for (const expected of sent) assert.equal(await client.next(), expected)
      client.terminate()
    },
    flood: async ({ at }) => {
      const client = new GuideClient(`ws://${at}/rows`)
      for (let row = 0; row < 1_000; row++) {
        assert.equal((JSON.parse(await client.next()) as { row: number }).row, row)
      }
      assert.equal(await client.closed(), 1000)
    },
    errors: async ({ at }) => {
      const client = new GuideClient(`ws://${at}/json`)
      await client.exchange('{"n":41}', '42')
      await client.send('no json')
      assert.equal(await client.closed(), 1011)
    },
    contract: async ({ at }) => {
      const client = new GuideClient(`ws://${at}/chat?user=ann`)
      await client.exchange('{"text":"hi"}', '{"from":"ann","text":"hi"}')
      await client.send('{"text":1}')
      assert.match(await client.next(), /^\{"error":\{"code":"ERR_MESSAGE_INVALID",/)
      client.terminate()
    },
    class: async ({ at }) => {
      const client = new GuideClient(`ws://${at}/count`)
      await client.exchange('{"text":"four"}', '{"count":4}')
      await client.exchange('{"text":"ten"}', '{"count":7}')
      client.terminate()
    },
  },
  'routes.md': {
    paths: async ({ at }) => {
      for (const [path, expected] of [
        ['lobby', 'the lobby'],
        ['a%20b', 'room a b'],
      ] as const) {
        const client = new GuideClient(`ws://${at}/room/${path}`)
        assert.equal(await client.next(), expected)
        client.terminate()
      }
      assert.equal(await new GuideClient(`ws://${at}/room`).refused(), 404)
    },
    upgrade: async ({ at }) => {
      const client = new GuideClient(`ws://${at}/me`, { headers: { cookie: 'session=s3cret' } })
      assert.equal(await client.next(), 'ann')
      client.terminate()
      assert.equal(await new GuideClient(`ws://${at}/me`).refused(), 401)
    },
    subprotocols: async ({ at }) => {
      const options = { origin: 'https://example.com' }
      const client = new GuideClient(`ws://${at}/chat`, options, ['chat.v1', 'chat.v2'])
      assert.equal(await client.next(), 'chat.v2')
      client.terminate()
      const stranger = new GuideClient(`ws://${at}/chat`, { origin: 'https://example.org' })
      assert.equal(await stranger.refused(), 403)
    },
    express: echoesBesideAPage,
    fastify: echoesBesideAPage,
    hono: echoesBesideAPage,
    attach: echoesBesideAPage,
    tls: async ({ at }) => {
      const client = new GuideClient(`wss://${at}/echo`, { ca: cert })
      await client.exchange('x', 'x')
      client.terminate()
    },
    proxy: async ({ at }) => {
      const headers = { 'x-forwarded-for': '203.0.113.7' }
      const client = new GuideClient(`ws://${at}/address`, { headers })
      assert.equal(await client.next(), '203.0.113.7')
      client.terminate()
    },
    diagnostics: async ({ at }) => {
      assert.equal(await new GuideClient(`ws://${at}/none`).refused(), 404)
    },
  },
  'topics.md': {
    rooms: async ({ at, server }) => {
      const [ann, bob, other] = ['1', '1', '2'].map(
        (id) => new GuideClient(`ws://${at}/room/${id}`),
      )
      await other!.send('elsewhere')
      assert.equal(await other!.next(), 'elsewhere')
      await bob!.send('one')
      assert.equal(await bob!.next(), 'one')
      await ann!.send('two')
      assert.equal(await bob!.next(), 'two')
      await server!.publish('room/2', 'from the server')
      assert.equal(await other!.next(), 'from the server')
      for (const client of [ann, bob, other]) client!.terminate()
    },
    history: async ({ at, server }) => {
      const reader = new GuideClient(`ws://${at}/news/sport`)
      const answer = JSON.parse(await reader.next()) as Subscribed
      assert.equal(answer.recovered, true)
      assert.equal(await reader.next(), 'first')
      const cursor = await server!.publish('news.sport', 'second')
      assert.equal(await reader.next(), 'second')
      reader.terminate()
      await server!.publish('news.sport', 'third')
      const again = new GuideClient(
        `ws://${at}/news/sport?epoch=${cursor!.epoch}&offset=${cursor!.offset}`,
      )
      assert.deepEqual((JSON.parse(await again.next()) as Subscribed).cursor, cursor)
      assert.equal(await again.next(), 'third')
      again.terminate()
    },
  },
}

for (const [name, uses] of Object.entries(pages)) {
  const folder = testSamples(new GuidePage(name), uses)
  // The sample with TLS reads them.
  writeFileSync(join(folder, 'key.pem'), key)
  writeFileSync(join(folder, 'cert.pem'), cert)
}

test('the table of limits has each limit with its default', () => {
  const rows = [...new GuidePage('routes.md').text.matchAll(/^\| `(\w+)` +\| (\d+) +\|/gm)]
  assert.deepEqual(
    Object.fromEntries(rows.map(([, name, value]) => [name, Number(value)])),
    defaultLimits,
  )
})

test('the table of properties names only properties that are tests', () => {
  const tests = ['callbacks.test.ts', 'websocket-handler.test.ts']
    .map((file) =>
      readFileSync(join(import.meta.dirname, '..', 'models', 'callbacks', file), 'utf8'),
    )
    .join('\n')
  const table = new GuidePage('callbacks.md').section('What it keeps')
  const counts = { Tornado: 0, Twisted: 0, 'Node/XHR': 0 }
  for (const [, model] of tests.matchAll(/test\(\s*['"](Tornado|Twisted|Node\/XHR): /g)) {
    counts[model as keyof typeof counts]++
  }
  const rowsOf = (model: string): number =>
    [...table.matchAll(/^\| (Tornado|Twisted|the browser)/gm)].filter(([, name]) => name === model)
      .length
  assert.ok(rowsOf('Tornado') > 0 && counts.Tornado >= rowsOf('Tornado'))
  assert.ok(rowsOf('Twisted') > 0 && counts.Twisted >= rowsOf('Twisted'))
  assert.ok(rowsOf('the browser') > 0 && counts['Node/XHR'] >= rowsOf('the browser'))
})

test('the diagnostics channels of the guide are those of the code', () => {
  const source = readFileSync(join(root, 'packages/server/src/server/statistics.ts'), 'utf8')
  const inCode = [...source.matchAll(/channel\('([^']+)'\)/g)].map(([, name]) => name)
  const inGuide = [...new GuidePage('routes.md').text.matchAll(/^\| `(holdline:[^`]+)`/gm)].map(
    ([, name]) => name,
  )
  assert.deepEqual(inGuide, inCode)
})
