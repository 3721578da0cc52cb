// Channels and select against a reference of Go's: whatever is done in whatever order, the same operations wait, the
// same ones end, and with the same results.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { channel, otherwise, select, send } from 'holdline/csp'
import type { Channel, SelectCase } from 'holdline/csp'
import { GoChannels } from './go-channels.ts'
import type { GoCase, GoResult } from './go-channels.ts'
import { quiet } from './settling.ts'

/** The channels of Holdline, and what has become of the operations on them. */
class Real {
  readonly channels: Channel<number>[]
  readonly results = new Map<number, GoResult>()

  constructor(capacities: readonly number[]) {
    this.channels = capacities.map((capacity) => channel<number>(capacity))
  }

  watch(id: number, promise: Promise<GoResult>): void {
    promise.then(
      (result) => this.results.set(id, result),
      (error: { readonly code: string }) => {
        assert.equal(error.code, 'ERR_CHANNEL_CLOSED')
        this.results.set(id, 'closed')
      },
    )
  }
}

type Command = fc.AsyncCommand<GoChannels, Real>

let lastId = 0

abstract class Step implements Command {
  check(): boolean {
    return true
  }

  abstract act(model: GoChannels, real: Real): Promise<void>
  abstract toString(): string

  async run(model: GoChannels, real: Real): Promise<void> {
    await this.act(model, real)
    await quiet()
    assert.deepEqual(real.results, model.results)
    for (const [i, { buffer, receivers, senders, isClosed }] of model.channels.entries()) {
      const one = real.channels[i]!
      assert.deepEqual(
        [one.length, one.waitingReceivers, one.waitingSenders, one.isClosed],
        [buffer.length, receivers.length, senders.length, isClosed],
      )
    }
  }
}

class Operation extends Step {
  readonly #cases: readonly GoCase[]
  readonly #form: 'plain' | 'range' | 'select' | 'select with default'

  constructor(cases: readonly GoCase[], form: Operation['form']) {
    super()
    this.#cases = cases
    this.#form = form
  }

  get form(): 'plain' | 'range' | 'select' | 'select with default' {
    return this.#form
  }

  async act(model: GoChannels, real: Real): Promise<void> {
    const id = ++lastId
    const ready = model.ready(this.#cases)
    real.watch(id, this.#begin(real))
    await quiet()
    if (ready.length === 0) {
      const outcome = { key: 'default', ok: true, value: undefined }
      if (this.#form === 'select with default') model.results.set(id, outcome)
      else model.wait(id, this.#cases)
      return
    }
    // Which one is drawn: any of them will do, and no other.
    const result = real.results.get(id)
    assert.ok(result !== undefined, 'it waits, though a case is ready')
    const fitting = ready.filter(({ key, channel: index, sends }) => {
      if (result !== 'closed') return key === result.key
      return sends !== undefined && model.channels[index!]!.isClosed
    })
    assert.ok(fitting.length > 0, `${JSON.stringify(result)} was not ready`)
    model.take(id, fitting[0]!)
  }

  #begin(real: Real): Promise<GoResult> {
    const [one] = this.#cases
    if (this.#form === 'plain' || this.#form === 'range') {
      const { key, channel: index, sends } = one!
      const ch = real.channels[index!]!
      if (sends !== undefined) {
        return ch.send(sends).then(() => ({ key, ok: true, value: undefined }))
      }
      if (this.#form === 'plain') return ch.receive().then((received) => ({ key, ...received }))
      const next = ch[Symbol.asyncIterator]().next()
      return next.then(({ value, done }) => ({ key, ok: done !== true, value }))
    }
    const cases: Record<string, SelectCase> = {}
    for (const { key, channel: index, sends } of this.#cases) {
      const ch = index === null ? null : real.channels[index]!
      cases[key] = sends === undefined ? ch : send(ch, sends)
    }
    if (this.#form === 'select with default') cases['default'] = otherwise
    return select(cases) as Promise<GoResult>
  }

  toString(): string {
    return `${this.#form} ${JSON.stringify(this.#cases)}`
  }
}

class Close extends Step {
  readonly #index: number

  constructor(index: number) {
    super()
    this.#index = index
  }

  act(model: GoChannels, real: Real): Promise<void> {
    const close = (): void => real.channels[this.#index]!.close()
    if (model.close(this.#index) === undefined) close()
    else assert.throws(close, { code: 'ERR_CHANNEL_CLOSED_TWICE' })
    return Promise.resolve()
  }

  toString(): string {
    return `close ${this.#index}`
  }
}

const channelIndex = fc.nat(2)
const value = fc.nat(99)
const sendsOrNot = fc.option(value, { nil: undefined })

const goCase = (key: string, channelOrNull: number | null, sends: number | undefined): GoCase =>
  sends === undefined ? { key, channel: channelOrNull } : { key, channel: channelOrNull, sends }

const plain = fc
  .tuple(channelIndex, sendsOrNot, fc.boolean())
  .map(
    ([index, sends, isRange]) =>
      new Operation([goCase('only', index, sends)], isRange ? 'range' : 'plain'),
  )
const selects = fc
  .tuple(
    fc.array(fc.tuple(fc.option(channelIndex, { freq: 8 }), sendsOrNot), { maxLength: 4 }),
    fc.boolean(),
  )
  .map(
    ([cases, hasDefault]) =>
      new Operation(
        cases.map(([index, sends], i) => goCase(`case ${i}`, index, sends)),
        hasDefault ? 'select with default' : 'select',
      ),
  )
const closes = channelIndex.map((index) => new Close(index))

test('Go: whatever is sent, received, selected and closed, the same waits and the same comes of it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)),
      fc.commands([plain, plain, plain, selects, selects, selects, closes], {
        size: 'medium',
        maxCommands: 40,
      }),
      async (capacities, commands) => {
        const begin = (): { model: GoChannels; real: Real } => ({
          model: new GoChannels(capacities),
          real: new Real(capacities),
        })
        await fc.asyncModelRun(begin, commands)
      },
    ),
    { numRuns: 200 },
  )
})
