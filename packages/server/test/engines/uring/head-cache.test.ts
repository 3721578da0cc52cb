// A remembered head is found for the same bytes with another key, and for nothing else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RequestHead } from '../../../src/connection/request-head.ts'
import { HeadCache } from '../../../src/engines/uring/head-cache.ts'
import { upgrade } from '../http/line.ts'

const anyKey = 'dGhlIHNhbXBsZSBub25jZQ=='
const keyOf = (octets: Uint8Array): string => Buffer.from(octets).toString('base64')
const requestWith = (key: string, target = '/'): string => upgrade({}, target).replace(anyKey, key)

function headFor(target: string): RequestHead {
  return RequestHead.of({ method: 'GET', target, httpVersion: '1.1', secure: false }, '')
}

function remember(cache: HeadCache, text: string, key: string, head: RequestHead): void {
  const bytes = Buffer.from(`before${text}behind`, 'latin1')
  cache.remember(bytes, 6, 6 + text.length, key, head)
}

function find(cache: HeadCache, text: string, behind = ''): ReturnType<HeadCache['find']> {
  const bytes = Buffer.from(`..${text}${behind}`, 'latin1')
  return cache.find(bytes, 2, bytes.length)
}

const key16 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(keyOf)

test('the same head is found with any key, whatever stands behind it', () => {
  fc.assert(
    fc.property(key16, key16, fc.string(), (first, second, behind) => {
      const cache = new HeadCache()
      const head = headFor('/')
      assert.equal(find(cache, requestWith(first)), null)
      remember(cache, requestWith(first), first, head)
      const found = find(cache, requestWith(second), behind)
      assert.deepEqual([found?.key, found?.length], [second, requestWith(second).length])
      assert.equal(found?.head, head)
    }),
  )
})

test('any other octet outside of the key makes it another head', () => {
  const cache = new HeadCache()
  remember(cache, requestWith(anyKey), anyKey, headFor('/'))
  const text = requestWith(anyKey)
  const keyAt = text.indexOf(anyKey)
  for (let at = 0; at < text.length; at++) {
    if (at >= keyAt && at < keyAt + 24) continue
    const other = text[at] === 'x' ? 'y' : 'x'
    assert.equal(find(cache, text.slice(0, at) + other + text.slice(at + 1)), null, `at ${at}`)
    assert.equal(find(cache, text.slice(0, at)), null, `cut at ${at}`)
  }
})

test('in the place of the key only a key is found: no end of a line, no other header', () => {
  const cache = new HeadCache()
  remember(cache, requestWith(anyKey), anyKey, headFor('/'))
  for (const wrong of [
    'AAAA\r\nHost: evil\r\nX: AAA=',
    '\r\n\r\nAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAAAAAAAAAAAAAAAA=',
    'AAAAAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAAAA AAAAAAAAAA==',
    'AAAAAAAAAA\0AAAAAAAAAAA==',
    '                        ',
    'AAAAAAAAAAAAAAAAAAAAAA=\n',
  ]) {
    assert.equal(find(cache, requestWith(wrong.slice(0, 24).padEnd(24, 'A'))), null, wrong)
  }
})

test('a head in which the key stands twice, or is none, is not remembered', () => {
  const cache = new HeadCache()
  const twice = upgrade({ 'X-Key': anyKey })
  remember(cache, twice, anyKey, headFor('/'))
  assert.equal(find(cache, twice), null)
  remember(cache, requestWith('short'), 'short', headFor('/'))
  assert.equal(find(cache, requestWith('short')), null)
  remember(cache, requestWith(anyKey), keyOf(new Uint8Array(16)), headFor('/'))
  assert.equal(find(cache, requestWith(anyKey)), null)
})

test('several kinds of clients are told apart; of very many the latest is known', () => {
  const cache = new HeadCache()
  const targets = Array.from({ length: 50 }, (_, i) => `/${i}`)
  for (const target of targets) {
    const head = headFor(target)
    remember(cache, requestWith(anyKey, target), anyKey, head)
    assert.equal(find(cache, requestWith(anyKey, target))?.head, head)
  }
  for (const target of targets) {
    const found = find(cache, requestWith(anyKey, target))
    assert.ok(found === null || found.head.target === target)
  }
})
