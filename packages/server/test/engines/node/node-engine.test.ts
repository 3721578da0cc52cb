// What is the engine's own: plain requests beside upgrades, other protocols' upgrades, and leaving a server alone.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { test } from 'node:test'
import { attach, serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { WebSocket } from 'ws'

const echo = callbacks({ message: (c, data) => void c.send(data) })

/** Sends raw bytes and reads until the line ends. */
async function exchange(port: number, request: string): Promise<string> {
  const line = connect(port, '127.0.0.1')
  line.write(request)
  let answer = ''
  for await (const chunk of line) answer += String(chunk)
  return answer
}

const head = (lines: string[]): string => `${lines.join('\r\n')}\r\n\r\n`

test('an upgrade to another protocol (h2c) is answered as the plain request that it is', async () => {
  await using server = await serve({
    host: '127.0.0.1',
    logger: null,
    http: (request, response) => void response.end(`plain ${request.url}`),
    routes: { '/echo': echo },
  })
  const answer = await exchange(
    server.port,
    head([
      'GET /echo HTTP/1.1',
      'Host: localhost',
      'Connection: Upgrade, HTTP2-Settings, close',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA',
    ]),
  )
  assert.match(answer, /^HTTP\/1\.1 200 /)
  assert.match(answer, /plain \/echo/)
})

test('without a handler plain requests are told what is served: 426 at a route, 404 elsewhere', async () => {
  await using server = await serve({ host: '127.0.0.1', logger: null, routes: { '/echo': echo } })
  const [route, elsewhere] = await Promise.all(
    ['/echo', '/other'].map((path) => fetch(`${server.url}${path}`)),
  )
  assert.equal(route!.status, 426)
  assert.equal(route!.headers.get('upgrade'), 'websocket')
  assert.equal(elsewhere!.status, 404)
  const body = (await elsewhere!.json()) as { error: { code: string } }
  assert.equal(body.error.code, 'ERR_UPGRADE_NOT_FOUND')
})

test('attached routes leave plain requests and the server itself alone, also when they are detached', async () => {
  const http = createServer((_request, response) => void response.end('mine'))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo
  const attached = await attach(http, { '/echo': echo }, { logger: null })
  assert.equal(attached.port, port)
  const line = new WebSocket(`ws://127.0.0.1:${port}/echo`)
  await once(line, 'open')
  line.send('hello')
  assert.equal(String((await once(line, 'message'))[0]), 'hello')
  const closed = once(line, 'close')
  await attached.close()
  assert.equal((await closed)[0], 1001)
  assert.equal(http.listenerCount('upgrade'), 0)
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'mine')
  http.closeAllConnections()
  http.close()
})
