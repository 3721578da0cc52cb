import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadAssets } from '../src/assets.ts'

const { files, importMapHash } = loadAssets()

test('all that the page asks for is there, with its type', () => {
  const page = String(files.get('/')?.body)
  const asked = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path)
  asked.push('/assets/client/index.js')
  assert.ok(asked.length >= 4)
  for (const path of asked) assert.ok(files.has(path as string), `${path}`)
  assert.equal(files.get('/assets/style.css')?.contentType, 'text/css; charset=utf-8')
  assert.equal(files.get('/assets/icon.svg')?.contentType, 'image/svg+xml')
})

test('every import of every script is there', () => {
  for (const [path, { body, contentType }] of files) {
    if (!contentType.startsWith('text/javascript')) continue
    for (const [, specifier] of String(body).matchAll(/from '([^']+)'/g)) {
      const target = (specifier as string).startsWith('.')
        ? new URL(specifier as string, `http://x${path}`).pathname
        : `/assets/${(specifier as string).replace('holdline-client', 'client/index.js')}`
      assert.ok(files.has(target), `${path} imports ${specifier}`)
    }
  }
})

test('nothing else is there: no sources, no maps, no types', () => {
  for (const path of files.keys()) assert.match(path, /^\/$|^\/assets\/[\w/-]+\.(js|css|svg)$/)
})

test('the page has one inline script, the import map, and no inline style or handler', () => {
  const page = String(files.get('/')?.body)
  assert.equal(page.match(/<script(?![^>]*\bsrc=)/g)?.length, 1)
  assert.doesNotMatch(page, /<style|\sstyle=|\son\w+=/)
  assert.match(importMapHash, /^sha256-[\w+/]{43}=$/)
})
