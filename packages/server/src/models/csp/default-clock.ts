// The clock of a program that says no other. It keeps the process alive while somebody waits for a timer: a program
// without connections has nothing else that would.

import type { Clock } from '../../connection/clock.ts'
import { ProcessClock } from '../../connection/process-clock.ts'

export const defaultClock: Clock = new ProcessClock(true)
