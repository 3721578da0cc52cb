// The entry `holdline/uring`: io_uring from TypeScript, for tools that drive a ring of their own, such as a load
// generator. A server needs none of it: `serve` chooses the engine. Linux, Node 26.1 and later.

export { errnoName } from './errno.ts'
export { Native, whyNoFfi } from './ffi.ts'
export type { Address, MappedMemory, PollHandle, SystemResult } from './ffi.ts'
export { ReceiveBuffers } from './receive-buffers.ts'
export type { ReceiveBuffersOptions } from './receive-buffers.ts'
export { Ring, RingUnavailable } from './ring.ts'
export type { CompletionSink, RingOptions } from './ring.ts'
