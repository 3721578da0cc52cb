// Where a token may stand in a handshake.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokenOf } from '../../src/line/identity.ts'
import { UpgradeRequest } from '../../src/connection/upgrade-request.ts'

function request(headers: Record<string, string>, target = '/live'): UpgradeRequest {
  return UpgradeRequest.of({
    method: 'GET',
    target,
    httpVersion: '1.1',
    secure: false,
    remoteAddress: '',
    rawHeaders: Object.entries(headers).flat(),
  })
}

const offer = `holdline.token.${Buffer.from('of the offer').toString('base64url')}`

test('the header comes before the subprotocol, and that before the cookie', () => {
  const all = {
    Authorization: 'bearer  of the header ',
    'Sec-WebSocket-Protocol': `holdline.v1, ${offer}`,
    Cookie: 'a=b; session=of the cookie',
  }
  assert.equal(tokenOf(request(all), 'session'), 'of the header')
  const { Authorization: _, ...others } = all
  assert.equal(tokenOf(request(others), 'session'), 'of the offer')
  assert.equal(tokenOf(request({ Cookie: all.Cookie }), 'session'), 'of the cookie')
})

test('a cookie counts only where the route names it, and the query never', () => {
  assert.equal(tokenOf(request({ Cookie: 'session=x' }), null), null)
  assert.equal(tokenOf(request({}, '/live?token=x&access_token=x'), 'session'), null)
  assert.equal(tokenOf(request({ Authorization: 'Basic YTpi' }), null), null)
})

test('an offer that cannot be read is a token that is none', () => {
  assert.equal(tokenOf(request({ 'Sec-WebSocket-Protocol': 'holdline.token.' }), null), '')
})
