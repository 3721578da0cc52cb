// A process on another machine: publishes to a topic with history until its input ends, each publication again until it is
// acknowledged, and prints each cursor; at the end what it was told. Started by second-machine.test.ts.

import { HoldlineError } from 'holdline/protocol'
import { redis } from 'holdline/redis'
import { setTimeout } from 'node:timers/promises'
import { AMPLE, BrokerParticipant } from '../../../src/testing/broker-participant.ts'

const participant = new BrokerParticipant(redis({ url: process.argv[2]! }))
await participant.start()
const reader = await participant.reader('t')
let isEnded = false
process.stdin.on('end', () => (isEnded = true)).resume()
let longestMs = 0
const codes = new Set<string>()

for (let i = 0; !isEnded; i++) {
  const message = `far ${i}`
  for (;;) {
    const askedMs = performance.now()
    try {
      const options = { key: null, idempotencyKey: message, retention: AMPLE }
      const { offset } = await participant.broker.append('t', message, options)
      console.log(JSON.stringify({ message, offset }))
      break
    } catch (error) {
      codes.add(error instanceof HoldlineError ? error.code : String(error))
      await setTimeout(20)
    } finally {
      longestMs = Math.max(longestMs, performance.now() - askedMs)
    }
  }
  await setTimeout(5)
}
while (participant.restoredCount < participant.interruptions.length) await setTimeout(20)
const { offset } = await participant.broker.append('t', 'far end', {
  key: null,
  idempotencyKey: 'far end',
  retention: AMPLE,
})
while (reader.cursor.offset < offset) await setTimeout(10)
participant.endReaders()
await participant.broker.stop()
const { gaps, faults, messages } = reader
const interruptionCount = participant.interruptions.length
console.log(
  JSON.stringify({ gaps, faults, messages, codes: [...codes], longestMs, interruptionCount }),
)
