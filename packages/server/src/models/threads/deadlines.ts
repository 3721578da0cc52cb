// What deadlines of threads need: real time, whatever the engine's clock says. Threads block in the operating system's,
// which no test can hold.

import type { Clock } from '../../connection/clock.ts'

export type Deadlines = Pick<Clock, 'now' | 'setTimer'>
