// Go's select: of several sends and receives, exactly one happens. Cases are looked at once, in source order; of those
// that are ready one is taken at random; where none is, all wait, and whoever is served first takes the others out of
// every list they stand in.

import { HoldlineError } from '../../protocol/errors.ts'
import type { SendChannel } from './channel.ts'
import type { Context } from './context.ts'
import type { ReceiveChannel } from './source.ts'
import { Source } from './source.ts'
import { settledWith } from './turn-budget.ts'
import type { Received, WaitingSelect } from './waiter.ts'
import { failed, Waiter, WaitFor } from './waiter.ts'

/** A case that sends; made by `send`, which sees to it that the value fits the channel. */
export class SendCase {
  readonly channel: SendChannel<never> | null
  readonly value: unknown

  constructor(channel: SendChannel<never> | null, value: unknown) {
    this.channel = channel
    this.value = value
  }
}

/**
 * A case of a select that sends a value.
 *
 * @throws HoldlineError ERR_SELECT_CASE when the channel is none.
 */
export function send<T>(channel: SendChannel<T> | null, value: NoInfer<T>): SendCase {
  const isSendable = typeof (channel as { joinSenders?: unknown } | null)?.joinSenders
  if (channel !== null && isSendable !== 'function') {
    throw new HoldlineError('ERR_SELECT_CASE', 'send to what is not a channel')
  }
  return new SendCase(channel, value)
}

class Otherwise {
  // So that no other object has this type.
  protected readonly isOtherwise = true
}
export type { Otherwise }

/** The case that is taken when no other is ready (Go: `default`). */
export const otherwise: Otherwise = new Otherwise()

/** What a case may be. `null` is never ready, as a nil channel. */
export type SelectCase = ReceiveChannel<unknown> | SendCase | Otherwise | null
export type SelectCases = Readonly<Record<string, SelectCase>>

/** Which case was taken, and what it gave. `ok` is false when a channel is closed and empty. */
export type Selected<Cases extends SelectCases> = {
  [Key in keyof Cases & string]: Outcome<Key, Cases[Key]>
}[keyof Cases & string]

type Outcome<Key extends string, Case> =
  Case extends ReceiveChannel<infer T>
    ? { readonly key: Key } & Received<T>
    : Case extends null
      ? never
      : { readonly key: Key; readonly ok: true; readonly value: undefined }

/**
 * Waits until one of the cases can go on, and does that one. Without cases, or with `null` only, it waits for ever, as
 * in Go. With a context it ends with the context's error when that is cancelled, which is looked at first.
 *
 * @throws HoldlineError ERR_SELECT_CASE for a case that is none; ERR_CHANNEL_CLOSED when the case that was taken sends
 * on a closed channel; ERR_CONTEXT_CANCELLED or ERR_CONTEXT_DEADLINE.
 */
export type Select = <const Cases extends SelectCases>(
  cases: Cases,
  ctx?: Context | null,
) => Promise<Selected<Cases>>

export const select: Select = selectWith(Math.random)

/** A select that draws from another source of random numbers from 0 to 1, such as a seeded one. */
export function selectWith(random: () => number): Select {
  return ((cases: SelectCases, ctx: Context | null = null) => {
    try {
      return selectFrom(cases, ctx, random)
    } catch (error) {
      return failed(error as Error)
    }
  }) as Select
}

function selectFrom(
  cases: SelectCases,
  ctx: Context | null,
  random: () => number,
): Promise<unknown> {
  if (ctx !== null && ctx.err !== null) throw ctx.err
  const keys = Object.keys(cases)
  const all: SelectCase[] = []
  let chosen = -1
  let fallback = -1
  let readyCount = 0
  for (let i = 0; i < keys.length; i++) {
    const one = cases[keys[i]!]!
    all.push(one)
    if (isReady(one, keys[i]!)) {
      // The n-th that is ready takes the place of the one before with a chance of 1 in n: all are equally likely.
      readyCount++
      if (readyCount === 1 || random() * readyCount < 1) chosen = i
    } else if (one === otherwise) fallback = i
  }
  if (chosen >= 0) return settledWith(taken(keys[chosen]!, all[chosen]!))
  if (fallback >= 0) return settledWith({ key: keys[fallback], ok: true, value: undefined })
  return new Promise((resolve) => {
    new Selection(resolve).wait(keys, all, ctx)
  })
}

/** @throws HoldlineError ERR_SELECT_CASE */
function isReady(one: SelectCase, key: string): boolean {
  if (one === null) return false
  if (one instanceof Source) return one.canReceive
  if (one instanceof SendCase) return one.channel !== null && one.channel.canSend
  if (one === otherwise) return false
  throw new HoldlineError('ERR_SELECT_CASE', key)
}

function taken(key: string, one: SelectCase): object {
  if (one instanceof SendCase) {
    one.channel!.put(one.value as never)
    return { key, ok: true, value: undefined }
  }
  const { value, ok } = (one as Source<unknown>).take()
  return { key, ok, value }
}

class Selection implements WaitingSelect {
  readonly #resolve: (result: unknown) => void
  readonly #waiters: Waiter[] = []

  constructor(resolve: (result: unknown) => void) {
    this.#resolve = resolve
  }

  wait(keys: readonly string[], cases: readonly SelectCase[], ctx: Context | null): void {
    try {
      if (ctx !== null) this.#join(ctx.done, new Ended(this, ctx))
      for (let i = 0; i < cases.length; i++) {
        const one = cases[i]!
        if (one instanceof Source) {
          this.#join(one, new Waiter(WaitFor.RECEIVE, undefined, null, this, keys[i]!))
        } else if (one instanceof SendCase && one.channel !== null) {
          const waiter = new Waiter(WaitFor.SEND, one.value, null, this, keys[i]!)
          one.channel.joinSenders(waiter)
          this.#waiters.push(waiter)
        }
      }
    } catch (error) {
      this.fail(error as Error)
    }
  }

  #join(source: Source<unknown>, waiter: Waiter): void {
    source.joinReceivers(waiter)
    this.#waiters.push(waiter)
  }

  commit(key: string, value: unknown, ok: boolean): void {
    this.#leaveAll()
    this.#resolve({ key, ok, value })
  }

  fail(error: Error): void {
    this.#leaveAll()
    this.#resolve(failed(error))
  }

  #leaveAll(): void {
    for (const waiter of this.#waiters) waiter.leave()
  }
}

/** Waits for the end of a context, which fails the select. */
class Ended extends Waiter {
  readonly #selection: Selection
  readonly #ctx: Context

  constructor(selection: Selection, ctx: Context) {
    super(WaitFor.RECEIVE, undefined, null, null, '')
    this.#selection = selection
    this.#ctx = ctx
  }

  override complete(): void {
    this.#selection.fail(this.#ctx.err!)
  }
}
