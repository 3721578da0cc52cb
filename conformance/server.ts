// The server under test, a process of its own: Holdline's serve() once over ws and once over wss, on free ports.
// It tells the runner where it listens and every error that nobody caught.

import { parseArgs } from 'node:util'
import { serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { selfSignedCertificate } from './certificate.ts'
import { plainResponse, tellRunner } from './server-process.ts'

const { values } = parseArgs({ options: { engine: { type: 'string', default: 'node' } } })

const echo = {
  message(c: { send(data: string | Uint8Array): unknown }, data: string | Uint8Array) {
    c.send(data)
  },
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Numbered messages of 1 KiB in turns of 64, until `send` says that nobody is there. */
async function flood(count: number, send: (message: string) => unknown): Promise<void> {
  for (let i = 0; i < count; i++) {
    if (send(`${i} `.padEnd(1024, '.')) === 'closed') return
    if (i % 64 === 63) await new Promise((resolve) => setImmediate(resolve))
  }
}

function routes(publish: (topic: string, message: string) => void) {
  return {
    '/echo': callbacks(echo),
    '/deflate': callbacks({ ...echo, deflate: true }),
    '/subprotocol': callbacks({ ...echo, subprotocols: ['chat', 'superchat'] }),
    '/any-origin': callbacks({ ...echo, origins: 'any' }),
    '/listed-origins': callbacks({ ...echo, origins: ['https://good.example'] }),
    '/limits': callbacks({
      ...echo,
      limits: { messageBytes: 1024, incompleteMessageMs: 400, closeMs: 300 },
    }),
    '/limits-deflate': callbacks({ ...echo, deflate: true, limits: { messageBytes: 1024 } }),
    '/idle': callbacks({ ...echo, limits: { idleMs: 1000, closeMs: 300 } }),
    '/keepalive': callbacks({ ...echo, keepalive: { pingMs: 300, timeoutMs: 1500 } }),
    '/messages-per-second': callbacks({ ...echo, limits: { messagesPerSecond: 20 } }),
    '/bytes-per-second': callbacks({ ...echo, limits: { bytesPerSecond: 10_000 } }),
    '/two-connections': callbacks({ ...echo, limits: { connections: 2 } }),
    '/per-address': callbacks({ ...echo, limits: { connectionsPerAddress: 4 } }),
    '/async': callbacks({
      // Later messages would be done first if they did not wait for each other.
      async message(c, data) {
        await sleep(typeof data === 'string' && data.startsWith('slow') ? 40 : 0)
        c.send(data)
      },
    }),
    '/async-accept': callbacks({
      ...echo,
      deflate: true,
      async upgrade() {
        await sleep(150)
      },
    }),
    '/never-accept': callbacks({ ...echo, upgrade: () => sleep(20_000) }),
    '/refused': callbacks({ ...echo, upgrade: () => ({ refuse: 401, reason: 'no token' }) }),
    '/upgrade-throws': callbacks({
      ...echo,
      upgrade() {
        throw new Error('upgrade throws on purpose')
      },
    }),
    '/throws': callbacks({
      message() {
        throw new Error('message throws on purpose')
      },
      error() {},
    }),
    '/rejects': callbacks({
      async message() {
        await sleep(1)
        throw new Error('message rejects on purpose')
      },
      error() {},
    }),
    '/close': callbacks({
      limits: { closeMs: 300 },
      message(c, data) {
        const [code = '', reason = ''] = String(data).split(' ')
        if (code === 'terminate') c.terminate()
        else if (code === '') c.close()
        else c.close(Number(code), reason)
      },
    }),
    '/misuse': callbacks({
      message(c) {
        // As in CVE-2026-45736: a typed array as reason must not send memory.
        const reason = new Float64Array(8) as unknown as string
        try {
          c.close(1000, reason)
        } catch (error) {
          c.send(`${(error as Error).name}`)
        }
      },
    }),
    '/flood': callbacks({
      limits: { bufferedBytes: 262_144 },
      message: (c, data) => {
        void flood(Number(data), (message) => c.send(message))
      },
    }),
    '/topic': callbacks({
      limits: { bufferedBytes: 262_144 },
      message(c, data) {
        const [verb, topic = '', count = '1'] = String(data).split(' ')
        if (verb === 'subscribe') {
          void c.subscribe(topic)
          c.send(`subscribed ${topic}`)
        } else void flood(Number(count), (message) => publish(topic, message))
      },
    }),
  }
}

const engine = values.engine as 'node' | 'uring'
const host = '127.0.0.1'
const plain = await serve({
  port: 0,
  host,
  engine,
  http: plainResponse,
  routes: routes((topic, message) => void plain.publish(topic, message)),
})
const secure = await serve({
  port: 0,
  host,
  // Only this engine has TLS.
  engine: 'node',
  tls: selfSignedCertificate(),
  http: plainResponse,
  routes: routes((topic, message) => void secure.publish(topic, message)),
})

tellRunner({ ws: Number(new URL(plain.url).port), wss: Number(new URL(secure.url).port) })
