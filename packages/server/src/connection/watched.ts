// The deadlines of a connection: who says nothing is asked, who does not answer is cut, who begins a message ends it in
// time, who closes is gone in time. Knows what time it is only from the wheel.

import type { Reading } from '../protocol/reading.ts'
import { Bit, PAUSED, State, WHEEL_SHIFT } from './bits.ts'
import type { ConnectionContext } from './connection-context.ts'
import type { SendResult } from './connection.ts'
import { Outgoing } from './outgoing.ts'
import { RareState } from './rare-state.ts'
import type { Keepalive } from './route.ts'
import type { WheelEntry } from './timing-wheel.ts'
import type { Transport } from './transport.ts'

export abstract class Watched extends Outgoing implements WheelEntry {
  // Of the parser and of the wheel
  reading: Reading | null = null
  wheelNext: WheelEntry | null = null
  wheelPrevious: WheelEntry | null = null

  /** What few connections need, and few need for long. */
  protected rare: RareState | null = null
  /** On the wheel's clock. */
  protected lastReceivedMs: number

  constructor(context: ConnectionContext, transport: Transport, line: number) {
    super(context, transport, line)
    this.lastReceivedMs = context.wheel.coarseNow
  }

  abstract ping(payload?: Uint8Array): SendResult
  /** The ping that its silence called for was not answered in time. */
  protected abstract fellSilent(): void

  /** Of the wheel; kept among the bits. */
  get wheelSlot(): number {
    return ((this.bits & Bit.WHEEL_SLOT) >>> WHEEL_SHIFT) - 1
  }

  set wheelSlot(slot: number) {
    this.bits = (this.bits & ~Bit.WHEEL_SLOT) | ((slot + 1) << WHEEL_SHIFT)
  }

  protected rarely(): RareState {
    return (this.rare ??= new RareState())
  }

  onDue(now: number): number {
    if ((this.bits & Bit.STATE) === State.CLOSED) return 0
    const due = this.nextDueMs()
    if (due > now) return due === Infinity ? 0 : due - now
    const { limits, keepalive } = this.context
    if ((this.bits & Bit.STATE) === State.CLOSING) {
      this.transport.destroy(this.line)
      return 0
    }
    if ((this.bits & PAUSED) !== 0) {
      this.fail('ERR_SLOW_CONSUMER')
    } else if (this.reading !== null && now - this.reading.sinceMs >= limits.incompleteMessageMs) {
      this.fail('ERR_MESSAGE_INCOMPLETE')
    } else if (limits.idleMs > 0 && now - this.rarely().lastMessageMs >= limits.idleMs) {
      this.fail('ERR_IDLE')
    } else if (keepalive !== null) {
      this.checkLiveness(now, keepalive.pingMs)
    }
    return Math.max(this.nextDueMs() - now, 1)
  }

  private checkLiveness(now: number, pingMs: number): void {
    if ((this.bits & Bit.PING_UNANSWERED) !== 0) this.fellSilent()
    else if (now - this.lastReceivedMs >= pingMs) {
      this.bits |= Bit.PING_UNANSWERED
      this.ping()
    }
  }

  /** The earliest deadline, on the wheel's clock; Infinity for none. */
  private nextDueMs(): number {
    const { limits, keepalive } = this.context
    if ((this.bits & Bit.STATE) === State.CLOSING)
      return this.rarely().closingSinceMs + limits.closeMs
    if ((this.bits & PAUSED) !== 0) return this.nextDueWhilePausedMs()
    let due = Infinity
    if (this.reading !== null) due = this.reading.sinceMs + limits.incompleteMessageMs
    if (limits.idleMs > 0) due = Math.min(due, this.rarely().lastMessageMs + limits.idleMs)
    if (keepalive !== null) {
      const silence = this.silenceMs(keepalive)
      due = Math.min(due, this.lastReceivedMs + silence)
    }
    return due
  }

  /**
   * Nothing is read, so nothing can be concluded from what did not come; only from what is not taken. A handler that
   * waits for room to send pauses the line: without this, one that never reads could hold it for ever.
   */
  private nextDueWhilePausedMs(): number {
    const { keepalive, wheel } = this.context
    if (keepalive === null) return Infinity
    if (!this.isWriting) return wheel.coarseNow + keepalive.pingMs
    return this.blockedSinceMs + keepalive.pingMs + keepalive.timeoutMs
  }

  /** How long nothing may come before something is done about it. */
  private silenceMs({ pingMs, timeoutMs }: Keepalive): number {
    return (this.bits & Bit.PING_UNANSWERED) === 0 ? pingMs : pingMs + timeoutMs
  }

  protected rearm(): void {
    const due = this.nextDueMs()
    if (due === Infinity) return
    this.context.wheel.schedule(this, Math.max(due - this.context.wheel.coarseNow, 1))
  }
}
