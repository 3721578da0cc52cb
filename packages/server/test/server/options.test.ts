// Every value that a server cannot take is refused before it listens, by name.
import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { defaultLimits } from '../../src/connection/limits.ts'
import { resolveOptions } from '../../src/server/options.ts'

const invalid: [named: string, options: Record<string, unknown>][] = [
  ['ports', { ports: 1 }],
  ['__proto__', JSON.parse('{"__proto__":1}') as Record<string, unknown>],
  ['port', { port: -1 }],
  ['port', { port: 65_536 }],
  ['port', { port: 80.5 }],
  ['port', { port: '8080' }],
  ['port', { port: NaN }],
  ['port', { port: null }],
  ['path', { path: '/tmp/x', port: 0 }],
  ['engine', { engine: 'nodejs' }],
  ['engine', { engine: 5 }],
  ['engine', { engine: {} }],
  ['engine', { engine: null }],
  ['broker', { broker: null }],
  ['http', { http: {} }],
  ['http', { http: 'app' }],
  ['heap', { heap: 'small' }],
  ['processes', { processes: 0 }],
  ['processes', { processes: 1_025 }],
  ['processes', { processes: 1.5 }],
  ['processes', { processes: 'all' }],
  ['graceMs', { graceMs: -1 }],
  ['graceMs', { graceMs: Infinity }],
  ['graceMs', { graceMs: '10' }],
  ['restart.intensity', { restart: { intensity: -1 } }],
  ['restart.periodMs', { restart: { periodMs: 'x' } }],
  ['restart.backoff', { restart: { backoff: 1 } }],
  ['limits.messageBytes', { limits: { messageBytes: 0 } }],
  ['limits.messageBytes', { limits: { messageBytes: '1mb' } }],
  ['limits.closeMs', { limits: { closeMs: 0 } }],
  ['limits.idleMs', { limits: { idleMs: -1 } }],
  ['limits.connections', { limits: { connections: 2 ** 31 } }],
  ['limits.messages', { limits: { messages: 1 } }],
  ['limits.lowWaterBytes', { limits: { lowWaterBytes: 10, highWaterBytes: 5 } }],
  ['routes["/a"]', { routes: { '/a': undefined } }],
  ['routes["/a"]', { routes: { '/a': null } }],
  ['routes["/a"]', { routes: { '/a': () => {} } }],
  ['routes["/a"]', { routes: { '/a': { message: () => {} } } }],
  ['broker', { broker: {} }],
  ['logger', { logger: {} }],
  ['logger', { logger: 'console' }],
  ['signals', { signals: 'yes' }],
]

for (const [named, options] of invalid) {
  test(`${JSON.stringify(options) ?? ''} names ${named}`, async () => {
    const check = (error: Error & { code?: string }): boolean =>
      error.code === 'ERR_OPTION_INVALID' && error.message.includes(named)
    assert.throws(() => resolveOptions(options), check)
    await assert.rejects(serve(options), check)
  })
}

test('origins are checked when the routes are', async () => {
  const check = (error: Error & { code?: string }): boolean =>
    error.code === 'ERR_OPTION_INVALID' && error.message.includes('a.example')
  const route = callbacks({ origins: ['a.example'] })
  await assert.rejects(serve({ routes: { '/': route } }), check)
  await assert.rejects(serve({ routes: { '/': callbacks({}) }, origins: ['a.example'] }), check)
})

test('the defaults', () => {
  const { logger, restart, topics, ...rest } = resolveOptions({})
  assert.equal(topics.of('news').retention, null)
  assert.equal(logger, console)
  assert.deepEqual(restart, {
    intensity: 10,
    periodMs: 60_000,
    backoffMs: 100,
    maxBackoffMs: 5_000,
  })
  assert.deepEqual(rest, {
    listen: { port: 0 },
    routes: {},
    http: null,
    engine: 'auto',
    processCount: 1,
    limits: defaultLimits,
    origins: undefined,
    histories: { topics: 100_000, bytes: 268_435_456 },
    presence: { leaseMs: 10_000, graceMs: 0, stateBytes: 1_024, entries: 100_000 },
    admission: null,
    broker: null,
    graceMs: 10_000,
    spreadMs: null,
    signals: false,
    heap: 'lean',
  })
})

test('what is set is kept', () => {
  const resolved = resolveOptions({
    path: '/tmp/x.sock',
    backlog: 5,
    processes: 2,
    restart: { intensity: 1 },
    limits: { messageBytes: 5 },
    logger: null,
  })
  assert.deepEqual(resolved.listen, { path: '/tmp/x.sock', backlog: 5 })
  assert.equal(resolved.processCount, 2)
  assert.equal(resolved.signals, true)
  assert.equal(resolved.restart.intensity, 1)
  assert.equal(resolved.restart.periodMs, 60_000)
  assert.equal(resolved.limits.messageBytes, 5)
  assert.equal(resolved.limits.closeMs, defaultLimits.closeMs)
  assert.equal(resolved.logger, null)
  assert.equal(resolveOptions({ processes: 'cores' }).processCount, availableParallelism())
  assert.equal(resolveOptions({ processes: 2, signals: false }).signals, false)
})
