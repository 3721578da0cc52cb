// The names of what the kernel refuses with, and the errors made of them. Knows nothing of who asked.

/** An error as Node's own system errors look: `code` is the name of the errno. */
export function systemError(call: string, errno: number): NodeJS.ErrnoException {
  const code = errnoName(errno)
  const error: NodeJS.ErrnoException = new Error(`${call}: ${code}`)
  error.code = code
  error.errno = -errno
  error.syscall = call
  return error
}

export function errnoName(errno: number): string {
  return errnoNames.get(errno) ?? `errno ${errno}`
}

/** Those that this engine meets (include/uapi/asm-generic/errno*.h). */
const errnoNames: ReadonlyMap<number, string> = new Map([
  [1, 'EPERM'],
  [2, 'ENOENT'],
  [4, 'EINTR'],
  [9, 'EBADF'],
  [11, 'EAGAIN'],
  [12, 'ENOMEM'],
  [13, 'EACCES'],
  [14, 'EFAULT'],
  [16, 'EBUSY'],
  [17, 'EEXIST'],
  [22, 'EINVAL'],
  [23, 'ENFILE'],
  [24, 'EMFILE'],
  [32, 'EPIPE'],
  [38, 'ENOSYS'],
  [95, 'EOPNOTSUPP'],
  [98, 'EADDRINUSE'],
  [103, 'ECONNABORTED'],
  [104, 'ECONNRESET'],
  [105, 'ENOBUFS'],
  [107, 'ENOTCONN'],
  [110, 'ETIMEDOUT'],
  [111, 'ECONNREFUSED'],
  [125, 'ECANCELED'],
])
