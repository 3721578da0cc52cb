// The numbers of the loop: what a descriptor is watched for, and what reading and writing give when it is not bytes.

/** There is something to read, or the end, or an error. */
export const READ = 1
/** There is room to write, a connection was made, or an error. */
export const WRITE = 2
/** The event stays after its callback; without it, it fires once and is added again by `add`. */
export const PERSIST = 4
/** Tells of changes only (EPOLLET): read and write until AGAIN. */
export const EDGE = 8
/** The descriptor is disarmed once it fired (EPOLLONESHOT), until `add` or `update`. */
export const ONESHOT = 16
/** In what a callback is told: nothing happened for `timeoutMs`. */
export const TIMEOUT = 32

/** All that may be watched for. */
export const WATCHABLE: number = READ | WRITE | PERSIST | EDGE | ONESHOT

/** What `read` and `write` give where the kernel would make a blocking program wait. */
export const AGAIN = -11

/**
 * What else they give: the kernel's errno, negated. Linux's numbers, on every backend and platform
 * (include/uapi/asm-generic/errno*.h).
 */
export const Errno = {
  EPERM: -1,
  ENOENT: -2,
  EINTR: -4,
  EIO: -5,
  EBADF: -9,
  EAGAIN: -11,
  ENOMEM: -12,
  EACCES: -13,
  EEXIST: -17,
  EINVAL: -22,
  ENFILE: -23,
  EMFILE: -24,
  EPIPE: -32,
  EPROTO: -71,
  EAFNOSUPPORT: -97,
  EADDRINUSE: -98,
  EADDRNOTAVAIL: -99,
  ENETUNREACH: -101,
  ECONNABORTED: -103,
  ECONNRESET: -104,
  ENOBUFS: -105,
  ENOTCONN: -107,
  ETIMEDOUT: -110,
  ECONNREFUSED: -111,
  EHOSTUNREACH: -113,
  EINPROGRESS: -115,
} as const
export type Errno = (typeof Errno)[keyof typeof Errno]

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(Errno).map(([name, number]) => [number, name]),
)

/** `ECONNRESET` for -104. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `errno ${-errno}`
}

/** The number of an error of Node's; EIO for one that has no errno of its own here. */
export function errnoOf(error: unknown): number {
  const code = (error as { readonly code?: unknown } | null)?.code
  return Errno[code as keyof typeof Errno] ?? Errno.EIO
}
