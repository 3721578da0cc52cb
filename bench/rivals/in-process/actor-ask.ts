// Questions to an actor of the same process, a hundred under way at a time.
import { spawn } from 'holdline/actors'
import type { Play } from '../in-process.ts'
import { Counter } from './actor.ts'

const run = 100

export function prepare(): Play {
  const counter = spawn(Counter)
  return async (count) => {
    const { ask } = counter
    const answers: Promise<number>[] = []
    for (let asked = 0; asked < count; asked += run) {
      answers.length = 0
      for (let i = 0; i < run; i++) answers.push(ask.count())
      await Promise.all(answers)
    }
  }
}
