// Blocks on a serial queue, in runs of a hundred whose last is awaited.
import { queue } from 'holdline/queues'
import type { Play } from '../in-process.ts'

const run = 100

export function prepare(): Play {
  const serial = queue.serial()
  let sum = 0
  const block = (): void => void sum++
  return async (count) => {
    for (let added = 0; added < count; added += run) {
      for (let i = 1; i < run; i++) serial.post(block)
      await serial.async(block)
    }
  }
}
