// A keeper of histories that a test plays itself: what it is asked it notes, and it answers what and when the test likes.

import { KeeperBatch, KeeperDecoder } from '../../../src/brokers/process/keeper-frame.ts'
import type { KeeperRequest } from '../../../src/brokers/process/keeper-frame.ts'
import { FrameKind, MeshReader } from '../../../src/brokers/process/mesh-frame.ts'
import { ProcessBroker } from '../../../src/brokers/process/process-broker.ts'
import type { ProcessLinks } from '../../../src/brokers/process/process-links.ts'
import type { MeshStand, StandOptions } from '../mesh-stand.ts'
import { RawProcess, until } from './raw-process.ts'

export class RawKeeper {
  readonly asked: KeeperRequest[] = []
  /** How many chunks it was sent. */
  chunks = 0
  readonly #process: RawProcess

  private constructor(process: RawProcess) {
    this.#process = process
  }

  /** Starts a broker with this number over it. */
  static async with(
    stand: MeshStand,
    id: number,
    options: StandOptions = {},
  ): Promise<{ keeper: RawKeeper; broker: ProcessBroker; links: ProcessLinks; told: unknown[] }> {
    const process = new RawProcess(stand, 0)
    stand.joined.push(0)
    const keeper = new RawKeeper(process)
    const links = stand.links(id, options)
    const broker = new ProcessBroker(links, options)
    stand.atEnd(() => broker.stop())
    const told: unknown[] = []
    const started = broker.start({
      deliver: () => {},
      appended: (topic, _epoch, { offset }) => void told.push(`${topic} ${offset}`),
      interrupted: (error) => void told.push(error),
      restored: () => void told.push('restored'),
      processGone: (name) => void told.push(name),
    })
    keeper.#listen(await process.incoming)
    await process.call(id)
    await started
    return { keeper, broker, links, told }
  }

  #listen(line: Awaited<RawProcess['incoming']>): void {
    const decoder = new KeeperDecoder()
    const reader = new MeshReader((kind, bytes, start, end) => {
      if (kind < FrameKind.APPEND) return true
      const request = decoder.request(kind, bytes, start, end)
      if (request !== null) this.asked.push(request)
      return request !== null
    })
    reader.trust()
    line.on('data', (chunk: Buffer) => {
      this.chunks++
      reader.read(chunk)
    })
    line.resume()
  }

  async isAsked(count: number): Promise<void> {
    await until(`${count} requests`, () => this.asked.length >= count)
  }

  says(write: (batch: KeeperBatch) => void): void {
    const batch = new KeeperBatch()
    write(batch)
    this.#process.outgoing!.write(batch.take())
  }

  async ends(): Promise<void> {
    await this.#process.stop()
  }
}
