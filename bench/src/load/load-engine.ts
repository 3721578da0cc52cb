// The contract between what is played (a closed loop, a schedule, publications) and what moves the bytes
// (io_uring, or node:net where there is none). Knows neither.
import type { Target } from './opening.ts'

/** A frame, or several behind one another, in memory from which it can be sent over and over. */
export interface StableFrame {
  /** The frame `repeatCount` times. */
  readonly bytes: Buffer
  readonly frameBytes: number
  readonly repeatCount: number
}

export interface LoadEngine {
  readonly name: string
  /** Connects and upgrades; the play hears `opened`. A connection is a number from 0 to 65,535. */
  open(connection: number, target: Target): void
  /** Cuts the line with a RST; nothing more is heard of it, and its number is free. */
  cut(connection: number): void
  /** Puts a frame into memory of its own. Such memory lives as long as the engine. */
  prepare(frame: Uint8Array, repeatCount?: number): StableFrame
  /** Sends the frame `count` more times. What is sent while a send is under way joins it: one frame at a time. */
  send(connection: number, frame: StableFrame, count: number): void
  /** Plays until the play is over. Rejects when a connection fails, or when nothing is heard for `stallMs`. */
  run(play: Play, stallMs?: number): Promise<void>
  dispose(): void
}

/** What the engine calls while it runs. Whatever throws in here ends the run. */
export interface Play {
  /** True: `turn` must be called as often as possible, not only when something happened. */
  readonly spins: boolean
  begin(nowMs: number): void
  opened(connection: number): void
  /** Bytes [start, end) of `chunk` came; they are gone when this returns. */
  received(connection: number, chunk: Uint8Array, start: number, end: number): void
  /** Called after each batch, and every 20 ms or so; true when the play is over. */
  turn(nowMs: number): boolean
}

export const defaultStallMs = 10_000

/** How often a frame is repeated in its memory: as many as fit into 256 KiB, at most 64. */
export function usefulRepeats(frameBytes: number): number {
  return Math.max(1, Math.min(64, Math.floor(262_144 / frameBytes)))
}

export function repeated(frame: Uint8Array, count: number): Buffer {
  // Not from Node's pool, and longer than 64 bytes: such memory does not move while the kernel reads it.
  const bytes = Buffer.allocUnsafeSlow(Math.max(128, frame.length * count))
  for (let i = 0; i < count; i++) bytes.set(frame, i * frame.length)
  return bytes
}
