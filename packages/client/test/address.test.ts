import assert from 'node:assert/strict'
import { test } from 'node:test'
import { socketUrl } from '../src/address.ts'

test('addresses of WebSockets: http is read as ws, a fragment is left out, relative ones need a base', () => {
  assert.equal(socketUrl('https://a.example/x#y').href, 'wss://a.example/x')
  assert.equal(socketUrl('/y?z', 'ws://a.example/x').href, 'ws://a.example/y?z')
  assert.throws(() => socketUrl('/y'), TypeError)
})
