// What is counted, told on diagnostics channels, and logged.
import assert from 'node:assert/strict'
import { channel } from 'node:diagnostics_channel'
import { test } from 'node:test'
import type { Route } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import type { HeldConnection } from '../../src/connection/held-connection.ts'
import { wireServer } from './wire-server.ts'

/** Everything published on a channel while `run` runs. */
async function published(
  name: string,
  run: () => Promise<void>,
): Promise<Record<string, unknown>[]> {
  const events: Record<string, unknown>[] = []
  const listener = (event: unknown): void => void events.push(event as Record<string, unknown>)
  channel(name).subscribe(listener)
  try {
    await run()
  } finally {
    channel(name).unsubscribe(listener)
  }
  return events
}

const meant = new Error('meant')
const routes = {
  '/echo': callbacks({ message: (c, data) => void c.send(data) }),
  '/fails': callbacks({
    message: () => {
      throw meant
    },
  }),
  '/reports': {
    model: 'test',
    behavior: {
      message: (c, data) =>
        (c as HeldConnection).report('ERR_REQUEST_FAILED', data === 'error' ? meant : undefined),
      close: () => {},
    },
  } satisfies Route,
  '/upgrade-fails': callbacks({
    upgrade: () => {
      throw meant
    },
  }),
}

test('stats() counts connections, messages and bytes of each route, closes, failures and refusals', async () => {
  await using wire = await wireServer('memory', { routes })
  const peer = await wire.connect('/echo')
  peer.text('12345')
  await peer.message()
  peer.close(4000)
  await peer.closeFrame()
  await peer.closed()
  const failing = await wire.connect('/fails')
  failing.text('x')
  await failing.closeFrame()
  await failing.closed()
  await wire.connect('/echo')
  await (await wire.dial('/none')).answered()
  await (await wire.dial('/upgrade-fails')).answered()
  const stats = await wire.server.stats()
  const { bytesSent, ...echo } = stats.routes[0]!
  assert.deepEqual(echo, {
    path: '/echo',
    model: 'callbacks',
    connections: 1,
    opened: 2,
    messagesReceived: 1,
    messagesSent: 1,
    // Two frames of a client, each with a header of two bytes and a mask of four.
    bytesReceived: 6 + 5 + (6 + 2),
  })
  assert.ok(bytesSent > 7)
  assert.equal(stats.connections, 1)
  assert.equal(stats.isDraining, false)
  assert.equal(stats.engine, 'memory')
  assert.equal(stats.workerId, 0)
  assert.ok(stats.uptimeMs >= 0)
  assert.deepEqual(stats.closes, { 1011: 1, 4000: 1 })
  assert.deepEqual(stats.failures, { ERR_HANDLER: 1 })
  assert.deepEqual(stats.refusals, { ERR_UPGRADE_NOT_FOUND: 1, ERR_UPGRADE_FAILED: 1 })
})

test('stats() counts topics and subscriptions', async () => {
  await using wire = await wireServer('memory', {
    routes: {
      '/': callbacks({
        open: (c) => {
          void c.subscribe('a')
          void c.subscribe('b')
        },
      }),
    },
  })
  await wire.connect('/')
  await wire.connect('/')
  const { topics, subscriptions } = await wire.server.stats()
  assert.deepEqual([topics, subscriptions], [2, 4])
})

test('holdline:connection:open and holdline:connection:close tell of every connection', async () => {
  await using wire = await wireServer('memory', { routes })
  let ids: unknown[] = []
  const opens = await published('holdline:connection:open', async () => {
    const closes = await published('holdline:connection:close', async () => {
      const peer = await wire.connect('/echo')
      peer.close(4001, 'why')
      await peer.closeFrame()
      await peer.closed()
      await wire.pass(10)
    })
    assert.equal(closes.length, 1)
    assert.equal(closes[0]!['code'], 4001)
    assert.equal(closes[0]!['reason'], 'why')
    ids = closes.map(({ connection }) => (connection as { id: number }).id)
  })
  assert.deepEqual(
    opens.map(({ connection }) => (connection as { id: number }).id),
    ids,
  )
})

test('holdline:connection:failure tells the code and what a handler threw', async () => {
  await using wire = await wireServer('memory', { routes })
  const events = await published('holdline:connection:failure', async () => {
    const peer = await wire.connect('/fails')
    peer.text('x')
    await peer.closed()
  })
  assert.equal(events.length, 1)
  assert.equal(events[0]!['code'], 'ERR_HANDLER')
  assert.equal(events[0]!['error'], meant)
})

test('holdline:connection:report tells what failed alone; it counts as a failure, and errors are logged', async () => {
  const lines: unknown[][] = []
  const record = (...all: unknown[]): void => void lines.push(all)
  await using wire = await wireServer('memory', {
    routes,
    logger: { info() {}, warn: record, error: record },
  })
  const events = await published('holdline:connection:report', async () => {
    const peer = await wire.connect('/reports')
    peer.text('error')
    peer.text('none')
    await wire.pass(10)
    await peer.leave()
  })
  assert.deepEqual(
    events.map(({ code, error }) => [code, error]),
    [
      ['ERR_REQUEST_FAILED', meant],
      ['ERR_REQUEST_FAILED', undefined],
    ],
  )
  assert.deepEqual((await wire.server.stats()).failures, { ERR_REQUEST_FAILED: 2 })
  assert.equal(lines.length, 1)
  assert.match(
    lines[0]![0] as string,
    /^holdline: a request failed \(ERR_REQUEST_FAILED, connection \d+ of \/reports\)$/,
  )
  assert.equal(lines[0]![1], meant)
})

test('holdline:upgrade:refused tells the request and the code', async () => {
  await using wire = await wireServer('memory', { routes })
  const events = await published('holdline:upgrade:refused', async () => {
    await (await wire.dial('/none')).answered()
    await (await wire.dial('/upgrade-fails')).answered()
  })
  assert.deepEqual(
    events.map(({ code, request, error }) => [code, (request as { path: string }).path, error]),
    [
      ['ERR_UPGRADE_NOT_FOUND', '/none', undefined],
      ['ERR_UPGRADE_FAILED', '/upgrade-fails', meant],
    ],
  )
})

test('errors of the program are logged with the connection; mistakes of clients are not', async () => {
  const lines: unknown[][] = []
  const record = (...all: unknown[]): void => void lines.push(all)
  await using wire = await wireServer('memory', {
    routes,
    logger: { info() {}, warn: record, error: record },
  })
  const failing = await wire.connect('/fails')
  failing.text('x')
  await failing.closed()
  await (await wire.dial('/upgrade-fails')).answered()
  const wrong = await wire.connect('/echo')
  wrong.raw(Uint8Array.of(0xff, 0xff))
  await wrong.closed()
  await (await wire.dial('/none')).answered()
  assert.equal(lines.length, 2)
  assert.match(
    lines[0]![0] as string,
    /^holdline: a handler failed \(ERR_HANDLER, connection \d+ of \/fails\)$/,
  )
  assert.equal(lines[0]![1], meant)
  assert.match(
    lines[1]![0] as string,
    /^holdline: an upgrade failed \(ERR_UPGRADE_FAILED, \/upgrade-fails\)$/,
  )
})
