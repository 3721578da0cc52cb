// A load engine without connections: it writes down what a play asks for, and the test plays the server.
import {
  repeated,
  type LoadEngine,
  type Play,
  type StableFrame,
} from '../../src/load/load-engine.ts'

export class ScriptedEngine implements LoadEngine {
  readonly name = 'scripted'
  /** What was asked for since the last look. */
  readonly asked: string[] = []

  open(connection: number): void {
    this.asked.push(`open ${connection}`)
  }

  cut(connection: number): void {
    this.asked.push(`cut ${connection}`)
  }

  prepare(frame: Uint8Array, repeatCount = 1): StableFrame {
    return { bytes: repeated(frame, repeatCount), frameBytes: frame.length, repeatCount }
  }

  send(connection: number, _frame: StableFrame, count: number): void {
    this.asked.push(`send ${count} on ${connection}`)
  }

  run(_play: Play): Promise<void> {
    throw new Error('a scripted engine runs nothing')
  }

  dispose(): void {}

  take(): string[] {
    return this.asked.splice(0)
  }
}
