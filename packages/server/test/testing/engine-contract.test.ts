// The contract must notice engines that break it: here are some, each wrong in one way.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Acceptor } from '../../src/connection/engine.ts'
import type { HeldConnection } from '../../src/connection/held-connection.ts'
import type { Piece, Slab } from '../../src/connection/slab.ts'
import type { Transport } from '../../src/connection/transport.ts'
import { engineCases, memoryHarness, runCase } from '../../src/testing/index.ts'
import type { EngineHarness } from '../../src/testing/index.ts'
import { bytesOf, piece } from '../connection/pieces.ts'

/** A transport that hands everything on, for faults to be put in. */
class Passing implements Transport {
  protected readonly real: Transport
  connection: HeldConnection | null = null

  constructor(real: Transport) {
    this.real = real
  }

  write(line: number, slab: Slab, start: number, end: number): boolean {
    return this.writeAll(line, [{ slab, start, end }])
  }

  writeAll(line: number, pieces: readonly Piece[]): boolean {
    return this.real.writeAll(line, pieces)
  }

  pause(line: number): void {
    this.real.pause(line)
  }

  resume(line: number): void {
    this.real.resume(line)
  }

  end(line: number): void {
    this.real.end(line)
  }

  destroy(line: number): void {
    this.real.destroy(line)
  }
}

/** The memory engine with a fault in each of its transports. */
function faulty(name: string, transportFor: (real: Transport) => Passing): EngineHarness {
  return {
    name,
    start: (acceptorFor) =>
      memoryHarness.start((clock) => {
        const acceptor = acceptorFor(clock)
        const changed: Acceptor = {
          limits: acceptor.limits,
          http: acceptor.http,
          serves: (target) => acceptor.serves(target),
          judge: (request) => {
            const judgement = acceptor.judge(request)
            if (judgement instanceof Promise || !judgement.accepted) return judgement
            return {
              ...judgement,
              connect: (real, line) => {
                const transport = transportFor(real)
                return (transport.connection = judgement.connect(transport, line))
              },
            }
          },
        }
        return changed
      }),
  }
}

class Splitting extends Passing {
  override writeAll(line: number, pieces: readonly Piece[]): boolean {
    const { slab, start, end } = piece(Buffer.concat(pieces.map(bytesOf)))
    if (end - start < 40) return this.real.write(line, slab, start, end)
    const border = start + 20
    return this.real.write(line, slab, start, border) && this.real.write(line, slab, border, end)
  }
}

class Losing extends Passing {
  override writeAll(line: number, pieces: readonly Piece[]): boolean {
    return this.real.writeAll(line, pieces.length > 1 ? pieces.slice(1) : pieces)
  }
}

class CallingBack extends Passing {
  override destroy(line: number): void {
    this.connection?.transportClosed()
    this.real.destroy(line)
  }
}

class NeverEnding extends Passing {
  override end(): void {}
}

const faults: readonly (readonly [EngineHarness, RegExp])[] = [
  [faulty('splits writes', (real) => new Splitting(real)), /one write/],
  [faulty('loses a piece of several', (real) => new Losing(real)), /mix their bytes/],
  [faulty('calls back from destroy', (real) => new CallingBack(real)), /^K2/],
  [faulty('does not end the line', (real) => new NeverEnding(real)), /close sends a close frame/],
]

for (const [harness, about] of faults) {
  test(`an engine that ${harness.name} does not pass`, async () => {
    const engineCase = engineCases.find(({ name }) => about.test(name))!
    await runCase(memoryHarness, engineCase)
    await assert.rejects(runCase(harness, engineCase))
  })
}

test('the rules K1 to K9 are all there, and no name twice', () => {
  const names = engineCases.map(({ name }) => name)
  for (let rule = 1; rule <= 9; rule++)
    assert.ok(names.some((name) => name.startsWith(`K${rule} `)))
  assert.equal(new Set(names).size, names.length)
})
