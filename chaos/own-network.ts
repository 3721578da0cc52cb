// A network namespace with a loopback of its own, for runs that need sockets which keep little. On the machine's loopback
// a segment has 64 KiB, and the kernel keeps four megabytes for a reader that reads nothing: what the server does with
// slow readers would hardly be seen. Here segments are as long as on an Ethernet, and buffers are bounded.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** What the kernel keeps at most for a socket in each direction, in bytes. */
export const SOCKET_BYTES = 131_072

const SET_UP = [
  'ip link set lo up mtu 1500',
  `echo 4096 16384 ${SOCKET_BYTES} > /proc/sys/net/ipv4/tcp_wmem`,
  `echo 4096 65536 ${SOCKET_BYTES} > /proc/sys/net/ipv4/tcp_rmem`,
  'echo ready',
  // It lives as long as its standard input is open: a run that dies leaves nothing behind.
  'exec cat',
].join(' && ')

export class OwnNetwork {
  readonly #holder: ChildProcess

  private constructor(holder: ChildProcess) {
    this.#holder = holder
  }

  /** Null where the system lets nobody make one. */
  static async start(): Promise<OwnNetwork | null> {
    const isRoot = process.getuid?.() === 0
    const how = isRoot ? ['--net'] : ['--net', '--user', '--map-root-user']
    const holder = spawn('unshare', [...how, 'sh', '-c', SET_UP], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    // There is no such command, or it may not.
    const failed = once(holder, 'close').then(
      () => false,
      () => false,
    )
    const ready = once(createInterface({ input: holder.stdout }), 'line').then(() => true)
    return (await Promise.race([ready, failed])) ? new OwnNetwork(holder) : null
  }

  /** What a command begins with to run in it. */
  get prefix(): readonly string[] {
    const isRoot = process.getuid?.() === 0
    const how = isRoot ? ['--net'] : ['--net', '--user', '--preserve-credentials']
    return ['nsenter', `--target=${this.#holder.pid}`, ...how, '--']
  }

  async end(): Promise<void> {
    const exited = once(this.#holder, 'exit')
    this.#holder.stdin!.end()
    await exited
  }
}
