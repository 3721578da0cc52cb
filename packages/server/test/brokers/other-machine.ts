// Another machine, for tests: a network namespace with a line of its own to this one, which can be taken down. Where the
// kernel does not let us make one (it takes root), a process of this machine behind a proxy that can hang.

import { spawnSync } from 'node:child_process'
import { FaultyProxy } from './faulty-proxy.ts'

export interface OtherMachine {
  /** What a command begins with that is to run there. */
  readonly through: readonly string[]
  /** Where the server is, seen from there. */
  readonly address: string
  /** What is sent arrives nowhere, and nobody is told. */
  down(): void
  up(): void
  remove(): Promise<void>
}

const name = `hl${process.pid % 100_000}`
const subnet = `10.213.${process.pid % 250}`

/** Where a server listens that is to be reached from there. */
export const HOST = '0.0.0.0'

export async function otherMachine(server: { readonly port: number }): Promise<OtherMachine> {
  if (!succeeds('netns', 'add', name)) return behindProxy(server)
  const inside = ['netns', 'exec', name, 'ip']
  const isMade =
    succeeds('link', 'add', `${name}a`, 'type', 'veth', 'peer', 'name', `${name}b`) &&
    succeeds('link', 'set', `${name}b`, 'netns', name) &&
    succeeds('addr', 'add', `${subnet}.1/24`, 'dev', `${name}a`) &&
    succeeds('link', 'set', `${name}a`, 'up') &&
    succeeds(...inside, 'addr', 'add', `${subnet}.2/24`, 'dev', `${name}b`) &&
    succeeds(...inside, 'link', 'set', `${name}b`, 'up')
  const remove = (): Promise<void> => {
    succeeds('netns', 'del', name)
    succeeds('link', 'del', `${name}a`)
    return Promise.resolve()
  }
  if (!isMade) {
    await remove()
    return behindProxy(server)
  }
  return {
    through: ['ip', 'netns', 'exec', name],
    address: `${subnet}.1:${server.port}`,
    down: () => void succeeds('link', 'set', `${name}a`, 'down'),
    up: () => void succeeds('link', 'set', `${name}a`, 'up'),
    remove,
  }
}

async function behindProxy(server: { readonly port: number }): Promise<OtherMachine> {
  const proxy = await FaultyProxy.start({ host: '127.0.0.1', port: server.port })
  return {
    through: [],
    address: proxy.address,
    down: () => proxy.hang(),
    up: () => proxy.heal(),
    remove: () => proxy.stop(),
  }
}

function succeeds(...words: readonly string[]): boolean {
  return spawnSync('ip', words, { stdio: 'ignore' }).status === 0
}
