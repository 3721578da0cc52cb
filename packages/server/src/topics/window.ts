// The publications of a topic in one format, as its subscribers are sent them: a log of frames, who reads it, and, where
// somebody may have to skip or to join, the border of each publication. Knows no policy.

import type { PublicationFormat } from '../connection/topic-hub.ts'
import type { Piece } from '../connection/slab.ts'
import { Slab } from '../connection/slab.ts'
import { headerBytes, Opcode, writeHeader } from '../protocol/frame.ts'
import { Borders } from './borders.ts'
import type { Border } from './borders.ts'
import type { PublishedMessage } from './broker.ts'
import type { Subscription } from './subscription.ts'
import { TopicLog } from './topic-log.ts'

/** Messages as they were published; gaps are not told on the line. */
export const plainFormat: PublicationFormat = {
  name: 'plain',
  encode: (_topic, { message }) => message,
  gap: () => null,
}

/** Where a topic stands. */
export type Standing = Omit<Border, 'end'>

export interface Stands {
  readonly standing: Standing
}

export class Window {
  readonly format: PublicationFormat
  readonly log: TopicLog
  readonly subscribers: Subscription[] = []
  /** null: nobody skips and nobody joins. */
  borders: Borders | null = null

  constructor(format: PublicationFormat) {
    this.format = format
    this.log = new TopicLog(this.#neededFrom)
  }

  /** From now on each publication's border is known. */
  keepBorders(standing: Standing): Borders {
    this.borders ??= new Borders({ ...standing, end: this.log.head })
    return this.borders
  }

  /** The topic begins here; nothing has come before. */
  beginAt(topic: Stands): void {
    if (this.borders !== null) this.borders = new Borders({ ...topic.standing, end: this.log.head })
  }

  /** `topic` stands behind the publication already. */
  append(message: PublishedMessage, topic: Stands): void {
    this.log.append(message)
    if (this.borders !== null) this.#addBorder(topic.standing)
  }

  /** A gap of the topic, in its place in the stream of all that read on from here. */
  appendGap(message: PublishedMessage | null, topic: Stands): void {
    if (message !== null) this.log.append(message)
    if (this.borders !== null) this.#addBorder(topic.standing)
  }

  #addBorder({ epoch, offset, ordinal, gapCount }: Standing): void {
    this.borders!.add({ epoch, offset, end: this.log.head, ordinal, gapCount })
  }

  add(subscription: Subscription): void {
    subscription.index = this.subscribers.length
    this.subscribers.push(subscription)
  }

  remove(subscription: Subscription): void {
    const { index } = subscription
    const last = this.subscribers.pop()!
    if (last.index !== index) {
      last.index = index
      this.subscribers[index] = last
    }
    subscription.index = -1
  }

  /** The lowest position that anybody still needs. */
  readonly #neededFrom = (): number => {
    let lowest = this.log.head
    for (const { neededFrom } of this.subscribers) if (neededFrom < lowest) lowest = neededFrom
    this.borders?.trim(lowest)
    return lowest
  }
}

/** Messages as one piece of frames of their own. */
export function framesOf(messages: readonly PublishedMessage[]): Piece {
  let bytes = 0
  for (const message of messages) {
    const count = byteLengthOf(message)
    bytes += headerBytes(count) + count
  }
  const slab = new Slab(Math.max(bytes, 65))
  let end = 0
  for (const message of messages) {
    const isText = typeof message === 'string'
    const count = byteLengthOf(message)
    const start = writeHeader(slab.bytes, end, isText ? Opcode.TEXT : Opcode.BINARY, count)
    if (isText) slab.bytes.write(message, start, 'utf8')
    else slab.bytes.set(message, start)
    end = start + count
  }
  return { slab, start: 0, end }
}

export function byteLengthOf(message: PublishedMessage): number {
  return typeof message === 'string' ? Buffer.byteLength(message) : message.length
}
