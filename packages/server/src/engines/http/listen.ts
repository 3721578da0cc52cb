// Listening with a server of node:net, and what can go wrong there, said in the catalogue's words.

import { lstatSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import type { ListenAddress, ListenOptions } from '../../connection/engine.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import type { ErrorCode } from '../../protocol/errors.ts'

const codes: ReadonlyMap<string, ErrorCode> = new Map([
  ['EADDRINUSE', 'ERR_LISTEN_IN_USE'],
  ['EACCES', 'ERR_LISTEN_DENIED'],
  ['EPERM', 'ERR_LISTEN_DENIED'],
  ['EADDRNOTAVAIL', 'ERR_LISTEN_ADDRESS'],
  ['ENOTFOUND', 'ERR_LISTEN_ADDRESS'],
])

/** @throws HoldlineError ERR_LISTEN_* */
export async function bind(server: Server, options: ListenOptions): Promise<ListenAddress> {
  try {
    await listen(server, options)
  } catch (error) {
    const { path } = options
    const isStale = isInUse(error) && path !== undefined && (await isStaleSocket(path))
    if (!isStale) throw named(error, options)
    // A socket file that nobody listens on was left behind by a process that was killed.
    unlinkSync(path)
    await listen(server, options).catch((again: unknown) => {
      throw named(again, options)
    })
  }
  // A line that could not be accepted (too many open files) costs that line, not the process.
  server.on('error', ignoreError)
  if (options.path !== undefined) return { path: options.path }
  const address = server.address() as AddressInfo
  return { host: address.address, port: address.port }
}

/**
 * What Linux grants at most unless told otherwise (net.core.somaxconn). With Node's 511, clients that come back together
 * after a worker's end are answered to by the kernel's retransmissions: after one, three and seven seconds.
 */
const BACKLOG = 4_096

function listen(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const { path, port = 0, host, backlog = BACKLOG, reusePort = false } = options
    const where =
      path !== undefined
        ? { path, backlog }
        : { port, backlog, ...(host !== undefined && { host }), ...(reusePort && { reusePort }) }
    server.listen(where, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function isInUse(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
}

/** A file that is no socket, or whose server is merely busy or of another user, is somebody's: it stays. */
function isStaleSocket(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) {
      resolve(false)
      return
    }
    const probe = connect(path)
    probe.once('connect', () => probe.destroy()).once('connect', () => resolve(false))
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  })
}

function named(error: unknown, options: ListenOptions): HoldlineError {
  const { code, message } = error as NodeJS.ErrnoException
  const where = options.path ?? `${options.host ?? '*'}:${options.port ?? 0}`
  const known = codes.get(code ?? '')
  if (known !== undefined) return new HoldlineError(known, where, { cause: error })
  return new HoldlineError('ERR_LISTEN_FAILED', `${where}: ${message}`, { cause: error })
}

function ignoreError(): void {}
