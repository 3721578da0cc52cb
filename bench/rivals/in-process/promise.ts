// A promise that is resolved and awaited: the least that anything costs that waits.
import type { Play } from '../in-process.ts'

const done = Promise.resolve()

export function prepare(): Play {
  return async (count) => {
    for (let i = 0; i < count; i++) await done
  }
}
