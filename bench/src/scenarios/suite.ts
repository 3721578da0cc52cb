// The scenarios that a run goes through, as data.
import type { EchoScenario } from './echo.ts'
import type { IdleMemoryScenario } from './idle-memory.ts'

export interface Suite {
  readonly name: string
  readonly rivals: readonly string[]
  readonly echo: readonly EchoScenario[]
  readonly idleMemory: readonly IdleMemoryScenario[]
}

/** Small enough to be run after every change: under a minute. */
export const smokeSuite: Suite = {
  name: 'smoke',
  rivals: ['holdline-node', 'holdline-default-heap', 'ws'],
  echo: [
    { connectionCount: 200, kind: 'binary', payloadBytes: 20 },
    { connectionCount: 200, kind: 'text', payloadBytes: 1024 },
  ],
  idleMemory: [{ connectionCount: 5000, warmUpCount: 300 }],
}
