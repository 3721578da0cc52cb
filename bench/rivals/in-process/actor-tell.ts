// Messages to an actor of the same process, in runs of a hundred; the last of each run is asked, so that all have come.
import { spawn } from 'holdline/actors'
import type { Play } from '../in-process.ts'
import { Counter } from './actor.ts'

const run = 100

export function prepare(): Play {
  const counter = spawn(Counter)
  return async (count) => {
    const { tell } = counter
    for (let told = 0; told < count; told += run) {
      for (let i = 1; i < run; i++) tell.add()
      await counter.ask.count()
    }
  }
}
