// A sink that notes what it is told.

import type { BrokerSink, Publication, PublishedMessage } from '../../../src/topics/broker.ts'

export class RecordingSink implements BrokerSink {
  readonly heard: string[] = []
  readonly told: {
    readonly topic: string
    readonly epoch: string
    readonly publication: Publication
  }[] = []
  readonly interruptions: Error[] = []
  restoredCount = 0

  deliver(topic: string, message: PublishedMessage): void {
    this.heard.push(`${topic} ${String(message)}`)
  }

  appended(topic: string, epoch: string, publication: Publication): void {
    this.told.push({ topic, epoch, publication })
  }

  interrupted(error: Error): void {
    this.interruptions.push(error)
  }

  restored(): void {
    this.restoredCount++
  }

  processGone(): void {}
}
