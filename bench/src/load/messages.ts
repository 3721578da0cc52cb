// What the load generator sends and expects, in the rival's dialect: built before the clock runs, never in the loop.
import type { Dialect, DialectFrame, ResumePoint } from '../process/dialect.ts'
import { targetOf, type Target } from './opening.ts'
import { maskKey, replyFrame, requestFrame, type PayloadKind } from './request-frame.ts'

/** The masked bytes that carry a message to the server. */
export function requestBytes(
  dialect: Dialect,
  kind: PayloadKind,
  payload: Buffer,
  key: Uint8Array = maskKey,
): Buffer {
  return masked(dialect.wrap(frameKindOf(kind), payload, 1).request, key)
}

/**
 * The bytes that come back for it, to the sender or to every subscriber.
 * @param number - which publication of its topic it is, from 1, where the dialect numbers them
 */
export function replyBytes(
  dialect: Dialect,
  kind: PayloadKind,
  payload: Buffer,
  number = 1,
): Buffer {
  const frames = dialect.wrap(frameKindOf(kind), payload, number).reply
  return Buffer.concat(frames.map((frame) => replyFrame(frame.kind, frame.payload)))
}

/** The target for a path of the scenario: `/` or `/t/<name>`. */
export function dialectTarget(
  dialect: Dialect,
  port: number,
  scenarioPath: string,
  resume?: ResumePoint,
): Target {
  const greeting = dialect.opening(scenarioPath, resume).map(({ send, swallowFrameCount }) => ({
    bytes: masked(send, maskKey),
    replyCount: swallowFrameCount,
  }))
  return targetOf(port, dialect.path(scenarioPath), greeting, dialect.subprotocol)
}

function frameKindOf(kind: PayloadKind): DialectFrame['kind'] {
  return kind === 'json' ? 'text' : kind
}

function masked(frames: readonly DialectFrame[], key: Uint8Array): Buffer {
  return Buffer.concat(frames.map((frame) => requestFrame(frame.kind, frame.payload, key)))
}
