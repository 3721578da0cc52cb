import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { loadAssets } from '../src/assets.ts'
import { httpHandler } from '../src/http-handler.ts'

let isDraining = false
const server = createServer(
  httpHandler(loadAssets(), () => Promise.resolve({ isDraining, connectionCount: 3 })),
)
let origin = ''

before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => {
  server.closeAllConnections()
  server.close()
})

test('the page comes with a policy that allows its own scripts and nothing inline', async () => {
  const response = await fetch(origin)
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
  const policy = response.headers.get('content-security-policy') ?? ''
  assert.match(policy, /default-src 'none'/)
  assert.match(policy, /script-src 'self' 'sha256-[^']+'(;|$)/)
  assert.match(policy, /frame-ancestors 'none'/)
  assert.doesNotMatch(policy, /unsafe/)
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(response.headers.get('referrer-policy'), 'no-referrer')
  assert.match(await response.text(), /<title>Holdline<\/title>/)
})

test('a file is sent again only when it changed', async () => {
  const first = await fetch(`${origin}/assets/style.css`)
  assert.equal(first.headers.get('cache-control'), 'no-cache')
  const etag = first.headers.get('etag') as string
  const again = await fetch(`${origin}/assets/style.css`, { headers: { 'If-None-Match': etag } })
  assert.equal(again.status, 304)
  assert.equal(await again.text(), '')
})

test('HEAD has the length and no body; a query changes nothing', async () => {
  const head = await fetch(`${origin}/?from=a-link`, { method: 'HEAD' })
  assert.equal(head.status, 200)
  assert.ok(Number(head.headers.get('content-length')) > 1000)
  assert.equal(await head.text(), '')
})

test('what is not there is not there, however it is asked for', async () => {
  const paths = [
    '/nothing',
    '/assets/',
    '/assets/page/../../package.json',
    '/assets/%2e%2e/main.js',
    '//',
  ]
  for (const path of [...paths, '/assets/page/main.ts', '/assets/page/main.js.map']) {
    const { status, headers } = await fetch(origin + path)
    assert.equal(status, 404, path)
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
  }
})

test('other methods are refused, and the connection is not used again', async () => {
  const response = await fetch(origin, { method: 'POST', body: 'x' })
  assert.equal(response.status, 405)
  assert.equal(response.headers.get('allow'), 'GET, HEAD')
  assert.equal(response.headers.get('connection'), 'close')
})

test('the health check is 200 while it serves and 503 while it drains', async () => {
  const well = await fetch(`${origin}/healthz`)
  assert.equal(well.status, 200)
  assert.equal(well.headers.get('cache-control'), 'no-store')
  assert.deepEqual(await well.json(), { status: 'ok', connections: 3 })
  isDraining = true
  const draining = await fetch(`${origin}/healthz`)
  isDraining = false
  assert.equal(draining.status, 503)
  assert.deepEqual(await draining.json(), { status: 'draining', connections: 3 })
})
