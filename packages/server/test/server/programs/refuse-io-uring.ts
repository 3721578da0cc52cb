// Loaded before a program (--import): from now on the kernel refuses io_uring_setup to this process with EPERM, as
// the seccomp filters of containers do.
import ffi from 'node:ffi'

const PR_SET_SECCOMP = 22
const PR_SET_NO_NEW_PRIVS = 38
const SECCOMP_MODE_FILTER = 2

const library = new ffi.DynamicLibrary(null)
const prctl = library.getFunction('prctl', {
  arguments: ['i32', 'u64', 'pointer', 'u64', 'u64'],
  return: 'i32',
})

// struct sock_filter: code, jump where true, jump where false, k
const instructions: readonly (readonly [number, number, number, number])[] = [
  [0x20, 0, 0, 0], // load the number of the system call
  [0x15, 0, 1, 425], // io_uring_setup?
  [0x06, 0, 0, 0x0005_0001], // SECCOMP_RET_ERRNO with EPERM
  [0x06, 0, 0, 0x7fff_0000], // SECCOMP_RET_ALLOW
]
const filter = Buffer.allocUnsafeSlow(128).fill(0)
for (const [i, [code, jumpTrue, jumpFalse, k]] of instructions.entries()) {
  filter.writeUInt16LE(code, i * 8)
  filter.writeUInt8(jumpTrue, i * 8 + 2)
  filter.writeUInt8(jumpFalse, i * 8 + 3)
  filter.writeUInt32LE(k, i * 8 + 4)
}
// struct sock_fprog: how many, and where
const program = Buffer.allocUnsafeSlow(128).fill(0)
program.writeUInt16LE(instructions.length)
program.writeBigUInt64LE(ffi.getRawPointer(filter), 8)

const refused =
  prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n) ||
  prctl(PR_SET_SECCOMP, BigInt(SECCOMP_MODE_FILTER), ffi.getRawPointer(program), 0n, 0n)
if (refused !== 0) throw new Error('the filter was not taken')
