// What tests of this engine share: a kernel that refuses things, a server on the engine, descriptors to look at.
import assert from 'node:assert/strict'
import { readdirSync, readlinkSync } from 'node:fs'
import { serve } from 'holdline'
import type { Server, ServeOptions } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { WirePeer } from 'holdline/testing'
import { Native } from '../../../src/engines/uring/ffi.ts'
import { UringEngine } from '../../../src/engines/uring/uring-engine.ts'
import type { UringEngineOptions } from '../../../src/engines/uring/uring-engine.ts'
import { dialTcp, untilInTime } from '../../../src/testing/tcp-wire-line.ts'

/** The kernel, but for what stands in for it. */
export function nativeWith(overrides: Partial<Native>, native: Native = Native.get()): Native {
  return new Proxy(native, {
    get(target, name: keyof Native) {
      const value: unknown = overrides[name] ?? target[name]
      return typeof value === 'function' ? (value as () => void).bind(target) : value
    },
  })
}

export const echo = callbacks({ message: (c, data) => void c.send(data) })

/** A server on an engine of these options; echoes at `/` unless told otherwise. */
export function serveOn(options: UringEngineOptions, more: ServeOptions = {}): Promise<Server> {
  const engine = new UringEngine(options)
  return serve({ host: '127.0.0.1', logger: null, routes: { '/': echo }, ...more, engine })
}

export async function connectTo(
  server: { readonly port: number },
  path = '/',
  behind: Uint8Array = new Uint8Array(0),
): Promise<WirePeer> {
  const line = await dialTcp(server.port, { method: 'GET', path, headers: {}, behind })
  const peer = new WirePeer(line, untilInTime)
  await peer.answered()
  assert.equal(peer.status, 101)
  return peer
}

export function connectAll(server: Server, count: number, path = '/'): Promise<WirePeer[]> {
  return Promise.all(Array.from({ length: count }, () => connectTo(server, path)))
}

/** What each open descriptor of this process is. */
export function openDescriptors(): string[] {
  const names: string[] = []
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      names.push(readlinkSync(`/proc/self/fd/${fd}`).replace(/\d+/g, '#'))
    } catch {
      // The one that reads the folder is gone by now.
    }
  }
  return names.toSorted()
}

export { untilInTime as eventually } from '../../../src/testing/tcp-wire-line.ts'
