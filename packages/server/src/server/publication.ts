// A publication as programs make it, whichever server it is made on.

import { HoldlineError } from '../protocol/errors.ts'
import type { Broker, PublishedMessage } from '../topics/broker.ts'
import { checkTopicName } from '../topics/topics.ts'
import type { Logger } from './statistics.ts'

/**
 * Hands a publication to the broker; without one (the server is closed) it is refused.
 *
 * @throws HoldlineError ERR_TOPIC_NAME; rejects with ERR_SERVER_CLOSED or what the broker says.
 */
export function publishThrough(
  broker: Broker | null,
  topic: string,
  message: PublishedMessage,
  logger: Logger | null,
): Promise<void> {
  checkTopicName(topic)
  const done =
    broker === null
      ? Promise.reject(new HoldlineError('ERR_SERVER_CLOSED', `a publication on ${topic}`))
      : broker.publish(topic, message)
  // Who does not wait for the promise must not lose the process to it; the operator is told instead.
  done.catch((error: unknown) => logger?.warn(`holdline: ${String(error)}`))
  return done
}
