// From paths to routes: what matches, what wins, what is refused at the start.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Router } from '../../src/server/router.ts'

function routed(...paths: readonly string[]): Router<string> {
  const router = new Router<string>()
  for (const path of paths) router.add(path, path)
  return router
}

function matched(router: Router<string>, target: string): [string, Record<string, string>] | null {
  const match = router.match(target)
  return match === null ? null : [match.value, { ...match.params }]
}

test('a path matches exactly: case, trailing slash and empty segments count', () => {
  const router = routed('/', '/chat', '/a/b')
  assert.deepEqual(matched(router, '/'), ['/', {}])
  assert.deepEqual(matched(router, '/chat'), ['/chat', {}])
  assert.deepEqual(matched(router, '/a/b'), ['/a/b', {}])
  for (const other of ['/Chat', '/chat/', '//chat', '/chat//', '/a', '/a/b/c', 'chat', '', '*']) {
    assert.equal(router.match(other), null, other)
  }
})

test('the query is no part of the path', () => {
  const router = routed('/chat', '/room/:id')
  assert.deepEqual(matched(router, '/chat?a=1?b'), ['/chat', {}])
  assert.deepEqual(matched(router, '/room/7?id=8'), ['/room/:id', { id: '7' }])
  assert.equal(router.match('/?/chat'), null)
})

test('a parameter is one whole segment, decoded, never empty', () => {
  const router = routed('/room/:room/user/:user_1')
  assert.deepEqual(matched(router, '/room/a%20b/user/%C3%A9%2F'), [
    '/room/:room/user/:user_1',
    { room: 'a b', user_1: 'é/' },
  ])
  for (const other of ['/room//user/x', '/room/x/user/', '/room/x/user', '/room/x/y/user/z']) {
    assert.equal(router.match(other), null, other)
  }
})

test('a segment that cannot be decoded matches nothing', () => {
  const router = routed('/room/:id')
  for (const bad of ['%', '%2', '%zz', '%C3', '%FF', 'a%']) {
    assert.equal(router.match(`/room/${bad}`), null, bad)
  }
})

test('a path without parameters wins, whichever was added first; else the first pattern does', () => {
  for (const paths of [
    ['/room/:id', '/room/lobby'],
    ['/room/lobby', '/room/:id'],
  ]) {
    const router = routed(...paths)
    assert.deepEqual(matched(router, '/room/lobby'), ['/room/lobby', {}])
    assert.deepEqual(matched(router, '/room/x'), ['/room/:id', { id: 'x' }])
  }
  const two = routed('/:kind/all', '/room/:id')
  assert.deepEqual(matched(two, '/room/all'), ['/:kind/all', { kind: 'room' }])
})

test('parameters are in an object without prototype', () => {
  const params = routed('/:__proto__').match('/x')!.params
  assert.equal(Object.getPrototypeOf(params), null)
  assert.deepEqual(Object.keys(params), ['__proto__'])
  assert.equal(Object.getPrototypeOf(routed('/x').match('/x')!.params), null)
  assert.equal(routed('/room').match('/constructor'), null)
})

test('paths that cannot be served are refused, named', () => {
  const bad = [
    '',
    'chat',
    '/a b',
    '/a?b',
    '/a#b',
    '/*',
    '/:',
    '/:1',
    '/a:b',
    '/:a-b',
    '/:a/:a',
    '/:a?',
    '/a\n',
  ]
  for (const path of bad) {
    assert.throws(
      () => routed(path),
      (error: Error & { code?: string }) =>
        error.code === 'ERR_ROUTE_INVALID' && error.message.includes(JSON.stringify(path)),
      path,
    )
  }
})

test('a path stands once; parameters of other names make no other path', () => {
  assert.throws(() => routed('/a', '/a'), { code: 'ERR_ROUTE_INVALID' })
  assert.throws(() => routed('/room/:id', '/room/:name'), { code: 'ERR_ROUTE_INVALID' })
  routed('/room/:id', '/:room/id', '/room/:id/x')
})

test('any parameter comes out as it was encoded in', () => {
  const router = routed('/exact', '/a/:one/b/:two')
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, unit: 'grapheme' }),
      fc.string({ minLength: 1, unit: 'binary' }),
      (one, two) => {
        fc.pre(one.isWellFormed() && two.isWellFormed())
        const target = `/a/${encodeURIComponent(one)}/b/${encodeURIComponent(two)}?q`
        assert.deepEqual(matched(router, target), ['/a/:one/b/:two', { one, two }])
      },
    ),
  )
})

test('any target is matched or not, and never throws', () => {
  const router = routed('/', '/a', '/:x', '/:x/:y')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webPath(),
        fc.string().map((text) => `/${text}`),
      ),
      (target) => {
        const match = router.match(target)
        if (match === null) return
        const path = target.split('?', 1)[0]!
        assert.equal(match.value.split('/').length, path.split('/').length)
        for (const value of Object.values(match.params)) assert.notEqual(value, '')
      },
    ),
  )
})

test('what stands beside a parameter matches exactly', () => {
  const router = routed('/room/:id/log')
  for (const other of ['/hall/7/log', '/room/7/Log', '/room/7/']) {
    assert.equal(router.match(other), null, other)
  }
})
