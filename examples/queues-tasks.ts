// What the threads of queues.ts run. Plain functions: what they take and give is copied between threads.
import { scryptSync } from 'node:crypto'

export function hash(password: string): string {
  return scryptSync(password, 'example', 32).toString('hex')
}
