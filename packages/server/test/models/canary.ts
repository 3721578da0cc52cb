// A route under test beside one that echoes: whatever happens to a connection, it happens to one. Rejections that
// nobody handled are kept, and none may be left when the tests are over.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import type { ServeOptions } from 'holdline'
import { wireServer } from '../server/wire-server.ts'
import type { WireEngine, WireServer } from '../server/wire-server.ts'

type Route = NonNullable<ServeOptions['routes']>[string]

export const rejections: unknown[] = []
process.on('unhandledRejection', (reason) => rejections.push(reason))
after(() => assert.deepEqual(rejections, []))

/** The route under test is `/`; the other one gives back what it is sent. */
export function besideCanary(
  engine: WireEngine,
  route: Route,
  echo: Route,
  options: Omit<ServeOptions, 'engine' | 'port' | 'host' | 'routes'> = {},
): Promise<WireServer> {
  return wireServer(engine, { ...options, routes: { '/': route, '/canary': echo } })
}

/** Another connection is served, and nothing was left to the process. */
export async function canary(wire: WireServer): Promise<void> {
  const peer = await wire.connect('/canary')
  peer.text('still here?')
  assert.equal(await peer.message(), 'still here?')
  await peer.leave()
  assert.deepEqual(rejections, [])
}
