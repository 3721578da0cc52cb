// The contract suite's way to an engine that listens on TCP, in real time. Any such engine only gives its name
// and how it is made.

import type { Engine } from '../connection/engine.ts'
import type { EngineHarness, RunningEngine } from './engine-harness.ts'
import { dialTcp, untilInTime } from './tcp-wire-line.ts'

export function tcpHarness(name: string, makeEngine: () => Engine): EngineHarness {
  return {
    name,
    async start(acceptorFor) {
      const engine = makeEngine()
      const listener = await engine.listen(
        { port: 0, host: '127.0.0.1' },
        acceptorFor(engine.clock),
      )
      const { address } = listener
      if (!('port' in address)) throw new Error(`${name} does not listen on TCP`)
      const running: RunningEngine = {
        clock: engine.clock,
        listener,
        dial: (request) => dialTcp(address.port, request),
        until: untilInTime,
        stop: () => listener.close(),
      }
      return running
    },
  }
}
