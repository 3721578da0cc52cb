// The trouble that one handler makes, and that the others are watched under. Knows no model.
import { setTimeout as delay } from 'node:timers/promises'

export const troubleMs = 50

/** Trouble by its name on the wire; whatever else comes is none. */
export function makeTrouble(name: string): void | Promise<void> {
  if (name === 'compute') return compute(troubleMs)
  if (name === 'wait') return delay(troubleMs)
  return makeBlockingTrouble(name)
}

/** For a handler that may block its thread. */
export function makeBlockingTrouble(name: string): void {
  if (name === 'compute') compute(troubleMs)
  else if (name === 'wait') Atomics.wait(sleeper, 0, 0, troubleMs)
  else if (name === 'forever') for (;;);
  else if (name === 'throw') throw new Error('thrown for the bench')
}

const sleeper = new Int32Array(new SharedArrayBuffer(4))

function compute(durationMs: number): void {
  const endMs = performance.now() + durationMs
  while (performance.now() < endMs);
}
