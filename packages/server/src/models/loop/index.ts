// The entry `holdline/loop`.

export type { LineAddress, ListenTarget, Target, TcpTarget, UnixTarget } from './address.ts'
export { bufferEvent, Happened } from './buffer-event.ts'
export type { BufferCallbacks, BufferEvent, BufferOptions } from './buffer-event.ts'
export { ByteQueue } from './byte-queue.ts'
export { createLoop } from './create-loop.ts'
export { AGAIN, EDGE, Errno, errnoName, ONESHOT, PERSIST, READ, TIMEOUT, WRITE } from './flags.ts'
export { Backend } from './kernel.ts'
export type {
  EventCallback,
  Listener,
  Loop,
  LoopEvent,
  LoopOptions,
  LoopSignal,
  LoopTimer,
  OnLine,
  PriorityOption,
  TimerOptions,
  WatchOptions,
} from './loop.ts'
export { SimNetwork } from './sim-network.ts'
export type { SimOptions, SimPeer } from './sim-network.ts'
