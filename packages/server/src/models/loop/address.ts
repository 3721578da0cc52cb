// Where lines are listened for and connected to: checked the same way for every backend, so that a program that runs
// on one runs on all.

import { HoldlineError } from '../../protocol/errors.ts'
import { canonicalIpAddress } from '../../protocol/ip-address.ts'

/** One end of a line. A Unix socket has a `path`, which is empty where the other side has none. */
export type LineAddress =
  | { readonly host: string; readonly port: number }
  | { readonly path: string }

export interface TcpTarget {
  readonly port: number
  /** An IP address or `localhost`. Names are not looked up: that would block, or be no readiness. */
  readonly host?: string
}

/** A Unix socket. */
export interface UnixTarget {
  readonly path: string
}

export type Target = TcpTarget | UnixTarget

export type ListenTarget = Target & {
  /** Lines that may wait to be accepted. Default 511. */
  readonly backlog?: number
}

/** `sun_path` holds 108 bytes with the zero behind it. */
const MOST_PATH_BYTES = 107

/** A target with its host as an IP address. @throws HoldlineError ERR_OPTION_INVALID */
export function checkTarget(target: Target, defaultHost: string): LineAddress {
  if ('path' in target) {
    const { path } = target
    if (typeof path !== 'string' || path === '' || path.includes('\0')) throw invalid('path', path)
    if (Buffer.byteLength(path) > MOST_PATH_BYTES) throw invalid('path', path)
    return { path }
  }
  const { port, host = defaultHost } = target
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw invalid('port', port)
  const ip = host === 'localhost' ? '127.0.0.1' : canonicalIpAddress(host)
  if (ip === null) throw invalid('host', `${host} is no IP address`)
  return { host: ip, port }
}

/** @throws HoldlineError ERR_OPTION_INVALID */
export function checkBacklog(backlog: number = 511): number {
  if (!Number.isInteger(backlog) || backlog < 1 || backlog > 65_535)
    throw invalid('backlog', backlog)
  return backlog
}

export function invalid(option: string, value: unknown): HoldlineError {
  return new HoldlineError('ERR_OPTION_INVALID', `${option}: ${String(value)}`)
}

/** What listening was refused with, as the server says it. */
export function listenError(code: string, at: LineAddress): HoldlineError {
  const where = 'path' in at ? at.path : `${at.host}:${at.port}`
  if (code === 'EADDRINUSE') return new HoldlineError('ERR_LISTEN_IN_USE', where)
  if (code === 'EACCES' || code === 'EPERM') return new HoldlineError('ERR_LISTEN_DENIED', where)
  if (code === 'EADDRNOTAVAIL') return new HoldlineError('ERR_LISTEN_ADDRESS', where)
  return new HoldlineError('ERR_LISTEN_FAILED', `${where}: ${code}`)
}
