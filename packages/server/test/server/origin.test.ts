// Which pages may connect. The default keeps other people's pages out (CWE-1385).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RouteOptions } from '../../src/connection/route.ts'
import { UpgradeRequest } from '../../src/connection/upgrade-request.ts'
import { originCheck } from '../../src/server/origin.ts'

function request(origin: string | undefined, host = 'a.example'): UpgradeRequest {
  return UpgradeRequest.of({
    method: 'GET',
    target: '/',
    httpVersion: '1.1',
    rawHeaders: ['Host', host, ...(origin === undefined ? [] : ['Origin', origin])],
    remoteAddress: '',
    secure: false,
  })
}

const passes = (origins: RouteOptions['origins'], origin?: string, host?: string): boolean =>
  originCheck(origins)(request(origin, host))

test('same host, the default: scheme aside, host and port have to be those that were connected to', () => {
  const table: [origin: string, host: string, passes: boolean][] = [
    ['http://a.example', 'a.example', true],
    ['https://a.example', 'a.example', true],
    ['HTTPS://A.Example', 'a.eXAMPLE', true],
    ['http://a.example:8080', 'a.example:8080', true],
    ['http://127.0.0.1:8080', '127.0.0.1:8080', true],
    ['http://[::1]:8080', '[::1]:8080', true],
    ['http://[2001:DB8::1]', '[2001:db8::1]', true],
    ['http://a.example', 'a.example:8080', false],
    ['http://a.example:8080', 'a.example', false],
    ['http://a.example:8081', 'a.example:8080', false],
    ['http://[::1]', '[::2]', false],
    ['http://b.example', 'a.example', false],
    ['http://a.example.evil', 'a.example', false],
    ['http://evil-a.example', 'a.example', false],
    ['http://sub.a.example', 'a.example', false],
    ['http://a.example@evil', 'a.example', false],
    ['http://evil@a.example', 'a.example', false],
    ['http://evil/a.example', 'a.example', false],
    ['http://a.example/', 'a.example', false],
    ['http://a.example#', 'a.example', false],
    ['http://evil?a.example', 'a.example', false],
    ['http://a.example ', 'a.example', false],
    ['http://a.example http://a.example', 'a.example', false],
    ['http://a.example, http://b.example', 'a.example', false],
    ['file://a.example', 'a.example', false],
    ['chrome-extension://a.example', 'a.example', false],
    ['null', 'a.example', false],
    ['null', 'null', false],
    ['', 'a.example', false],
    ['', '', false],
    ['http://', '', false],
    ['a.example', 'a.example', false],
  ]
  for (const [origin, host, expected] of table) {
    assert.equal(passes(undefined, origin, host), expected, `${origin} at ${host}`)
    assert.equal(passes('same-host', origin, host), expected, `${origin} at ${host}`)
  }
})

test('a request without Origin passes: it is no page', () => {
  for (const origins of ['same-host', 'any', [], () => false] as const) {
    assert.equal(passes(origins), true)
  }
})

test('a list: exactly these', () => {
  const list = ['https://a.example', 'http://localhost:3000']
  assert.equal(passes(list, 'https://a.example'), true)
  assert.equal(passes(list, 'http://localhost:3000'), true)
  const others = [
    'http://a.example',
    'https://a.example:8443',
    'https://a.example.evil',
    'https://a.example/',
    'https://A.example',
    'http://localhost:3001',
    'http://localhost',
    'null',
    '',
  ]
  for (const other of others) assert.equal(passes(list, other), false, other)
  // Even the host that was connected to.
  assert.equal(passes([], 'https://a.example'), false)
})

test('a function is asked about every origin, with the request', () => {
  const asked: [string, UpgradeRequest][] = []
  const check = originCheck((origin, from) => {
    asked.push([origin, from])
    return origin === 'null'
  })
  const opaque = request('null')
  assert.equal(check(opaque), true)
  assert.equal(check(request('http://b.example')), false)
  assert.equal(asked.length, 2)
  assert.deepEqual(asked[0], ['null', opaque])
})

test("'any' takes all", () => {
  for (const origin of ['http://evil', 'null', '']) assert.equal(passes('any', origin), true)
})

test('entries that no browser sends are refused at the start, named', () => {
  for (const entry of [
    'a.example',
    'https://a.example/',
    'https://a.example:443',
    '*',
    '',
    'null',
  ]) {
    assert.throws(
      () => originCheck(['https://fine.example', entry]),
      (error: Error & { code?: string }) =>
        error.code === 'ERR_OPTION_INVALID' && error.message.includes(JSON.stringify(entry)),
      entry,
    )
  }
})
