// The gateway in this process, without a browser: what stands behind the page.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { after, test } from 'node:test'
import { contract } from 'holdline'
import type { Server } from 'holdline'
import { connect } from 'holdline-client'
import { startGateway } from 'holdline-gateway'
import { WebSocket } from 'ws'
import { chatIn, chatOut } from '../src/chat/chat-contract.ts'

const server: Server = await startGateway({
  port: 0,
  host: '127.0.0.1',
  processes: 1,
  engine: 'auto',
})
after(() => server.close())

const address = (path: string): string => server.url.replace('http', 'ws') + path

type Answer = Record<string, unknown> & { type: string; error?: Record<string, unknown> }

async function* visit(join: Record<string, unknown>) {
  const client = connect<{ in: Record<string, unknown>; out: Answer }>(address('/chat'), {
    format: 'json',
  })
  try {
    client.send({ type: 'join', key: `${crypto.randomUUID()}`, seat: 1, ...join })
    for await (const message of client) {
      const next = (yield message) as Record<string, unknown> | undefined
      if (next) client.send(next)
    }
  } finally {
    client.close()
  }
}

test('/echo sends back text and binary, up to the library’s own limit', async () => {
  const client = connect(address('/echo'), { queueBytes: 2_097_152 })
  const large = new Uint8Array(1_048_576).fill(7)
  for (const message of ['grüße', '', large]) assert.equal(client.send(message), 'queued')
  const read: unknown[] = []
  for await (const message of client) if (read.push(message) === 3) break
  client.close()
  assert.deepEqual(read, ['grüße', '', large])
})

test('/chat: a welcome, then what was said comes back', async () => {
  const ada = visit({ room: 'Lobby', name: ' Ada ' })
  const { value: welcome } = await ada.next()
  assert.equal((welcome as Answer).type, 'welcome')
  assert.equal((welcome as Answer)['room'], 'lobby')
  assert.equal(((welcome as Answer)['you'] as { name: string }).name, 'Ada')
  await ada.next()
  const { value: said } = await ada.next({ type: 'say', id: 'one', text: '<b>hi</b>' })
  assert.equal((said as Answer)['text'], '<b>hi</b>')
  await ada.return(undefined)
})

test('/chat: a name that cannot be is refused with a sentence, and the line stays open', async () => {
  const nobody = visit({ room: 'lobby', name: '' })
  const { value } = await nobody.next()
  const { error } = value as Answer
  assert.equal(error?.['code'], 'ERR_MESSAGE_INVALID')
  assert.match(JSON.stringify(error?.['issues']), /Choose a name/)
  const { value: second } = await nobody.next({
    type: 'join',
    room: 'lobby',
    name: 'Bo',
    key: 'k'.repeat(20),
    seat: 2,
  })
  assert.equal((second as Answer).type, 'welcome')
  await nobody.return(undefined)
})

test('/chat: the client takes the very contract of the server, and is typed by it', async () => {
  const client = connect(address('/chat'), { contract: contract({ in: chatIn, out: chatOut }) })
  client.send({ type: 'join', room: 'typed', name: 'Ada', key: 'k'.repeat(20), seat: 1 })
  for await (const message of client) {
    assert.equal(message.type === 'welcome' && message.you.name, 'Ada')
    break
  }
  // @ts-expect-error the contract knows no such type
  assert.throws(() => client.send({ type: 'shout' }), { code: 'ERR_MESSAGE_OUT_INVALID' })
  client.close()
})

test('/chat: a page of another site may not use it', async () => {
  const stranger = new WebSocket(address('/chat'), { origin: 'https://evil.example' })
  const [, response] = (await once(stranger, 'unexpected-response')) as [unknown, IncomingMessage]
  assert.equal(response.statusCode, 403)
  response.destroy()
})

test('/healthz counts the lines', async () => {
  const response = await fetch(`${server.url}/healthz`)
  assert.equal(response.status, 200)
  assert.equal(((await response.json()) as { status: string }).status, 'ok')
})
