// What a person reads who opens an address of the server in a browser.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'

test('without an http handler: 426 where a WebSocket is served, 404 elsewhere, both in words', async () => {
  await using server = await serve({
    host: '127.0.0.1',
    logger: null,
    routes: { '/chat/:room': callbacks({}) },
  })
  const route = await fetch(`${server.url}/chat/1?x`)
  assert.equal(route.status, 426)
  assert.equal(route.headers.get('upgrade'), 'websocket')
  assert.equal(route.headers.get('content-type'), 'application/json')
  const said = (await route.json()) as { error: Record<string, string> }
  assert.equal(said.error['code'], 'ERR_UPGRADE_HEADER_UPGRADE')
  assert.match(said.error['fix']!, /Upgrade: websocket/)

  for (const path of ['/', '/chat', '/chat/', '/chat/1/2']) {
    const other = await fetch(`${server.url}${path}`, { method: 'POST', body: 'x' })
    assert.equal(other.status, 404, path)
    const body = (await other.json()) as { error: Record<string, string> }
    assert.equal(body.error['code'], 'ERR_UPGRADE_NOT_FOUND')
  }
})

test('an http handler is given everything that is no upgrade, routes included', async () => {
  const seen: string[] = []
  await using server = await serve({
    host: '127.0.0.1',
    logger: null,
    http: (request, response) => {
      seen.push(`${request.method} ${request.url}`)
      response.end('mine')
    },
    routes: { '/chat': callbacks({}) },
  })
  assert.equal(await (await fetch(`${server.url}/chat`)).text(), 'mine')
  assert.equal(await (await fetch(`${server.url}/a`, { method: 'PUT', body: 'x' })).text(), 'mine')
  assert.deepEqual(seen, ['GET /chat', 'PUT /a'])
})
