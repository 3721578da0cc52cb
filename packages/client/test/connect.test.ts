import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from 'holdline-client'
import type { Bytes, Client } from 'holdline-client'
import { z } from 'zod'
import { FakeEnvironment } from './fake-environment.ts'

function addressOf(url: string | URL): string {
  const world = new FakeEnvironment()
  connect(url, { environment: world }).close()
  return world.socket.url
}

test('http addresses become ws addresses, and a fragment is left out', () => {
  assert.equal(addressOf('http://example.org/chat#room'), 'ws://example.org/chat')
  assert.equal(addressOf(new URL('https://example.org/chat?a=1')), 'wss://example.org/chat?a=1')
  assert.equal(addressOf('wss://example.org'), 'wss://example.org/')
})

test('an address that makes no sense throws at once', () => {
  assert.throws(() => connect('not an address'), { code: 'ERR_INVALID_URL' })
  assert.throws(() => connect('ftp://example.org'), { name: 'SyntaxError' })
})

test('a contract types and checks both directions', () => {
  const Chat = {
    in: z.object({ text: z.string(), loud: z.boolean().default(false) }),
    out: z.object({ from: z.string() }),
  }
  const world = new FakeEnvironment()
  const senders: string[] = []
  const client = connect('ws://test/', {
    environment: world,
    contract: Chat,
    onMessage: ({ from }) => senders.push(from),
  })
  const typed: Client<{ text: string; loud?: boolean | undefined }, { from: string }> = client
  world.socket.open()
  assert.equal(typed.send({ text: 'hi' }), 'sent')
  assert.deepEqual(world.socket.sent, ['{"text":"hi","loud":false}'])
  // @ts-expect-error the contract wants a text
  assert.throws(() => client.send({ text: 1 }), { code: 'ERR_MESSAGE_OUT_INVALID' })
  world.socket.receive('{"from":"Ada"}')
  assert.deepEqual(senders, ['Ada'])
})

test('types alone give typed JSON; nothing at all gives text and bytes', () => {
  const world = new FakeEnvironment()
  const typed: Client<{ a: number }, { b: string }> = connect<{
    in: { a: number }
    out: { b: string }
  }>('ws://test/', { environment: world, format: 'json' })
  const plain: Client<string | Bytes, string | Bytes> = connect('ws://test/', {
    environment: world,
  })
  // @ts-expect-error there is no `a` in text
  typed.send('text')
  plain.send('text')
})
