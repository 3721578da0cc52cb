// What a subscriber may ask for, checked: its pace, and where it begins.

import type { Cursor, Overflow, SubscribeOptions } from '../connection/topic-hub.ts'
import type { Limits } from '../connection/limits.ts'
import { HoldlineError } from '../protocol/errors.ts'
import { Pace } from './subscription.ts'
import { overflows } from './topic-settings.ts'
import type { TopicSettings } from './topic-settings.ts'

const EPOCH = /^[A-Za-z0-9_-]{1,64}$/

/**
 * null: it reads on, and is closed when it is behind by more than its connection may buffer.
 *
 * @throws HoldlineError ERR_TOPIC_UNKNOWN, ERR_CURSOR_INVALID, ERR_OPTION_INVALID
 */
export function paceOf(
  name: string,
  settings: TopicSettings,
  hasHistory: boolean,
  limits: Limits,
  options: SubscribeOptions | undefined,
): Pace | null {
  const { bufferedBytes } = limits
  if (options === undefined && settings.overflow === 'disconnect') {
    const { lagBytes } = settings
    return lagBytes === null || lagBytes >= bufferedBytes
      ? null
      : new Pace('disconnect', lagBytes, null)
  }
  const { since, overflow, lagBytes, onGap } = options ?? {}
  if (since !== undefined && since !== 'start') checkCursor(since)
  if (overflow !== undefined) checkOverflow(overflow)
  const policy = overflow ?? settings.overflow
  if (!hasHistory && (since !== undefined || policy === 'replay')) {
    throw new HoldlineError('ERR_TOPIC_UNKNOWN', name)
  }
  if (lagBytes !== undefined && (!Number.isSafeInteger(lagBytes) || lagBytes < 1)) {
    throw new HoldlineError('ERR_OPTION_INVALID', `lagBytes is ${JSON.stringify(lagBytes)}`)
  }
  // With half of the buffer left, what the program sends itself finds room behind what was taken.
  const most = policy === 'disconnect' ? bufferedBytes : Math.floor(bufferedBytes / 2)
  const bound = Math.min(lagBytes ?? settings.lagBytes ?? most, most)
  return new Pace(policy, bound, onGap ?? null)
}

/** @throws HoldlineError ERR_CURSOR_INVALID */
export function checkCursor(cursor: unknown): asserts cursor is Cursor {
  if (typeof cursor === 'object' && cursor !== null) {
    const { epoch, offset } = cursor as Partial<Cursor>
    const isPlace = Number.isSafeInteger(offset) && (offset as number) >= 0
    if (isPlace && typeof epoch === 'string' && EPOCH.test(epoch)) return
  }
  throw new HoldlineError('ERR_CURSOR_INVALID')
}

function checkOverflow(overflow: Overflow): void {
  if (overflows.includes(overflow)) return
  const detail = `overflow is ${JSON.stringify(overflow)}, not one of ${overflows.join(', ')}`
  throw new HoldlineError('ERR_OPTION_INVALID', detail)
}
