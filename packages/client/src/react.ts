// The entry `holdline-client/react`: topics, presence and the state of a line as hooks. Needs the package react.
// Components that use the same topic of a line share one subscription; it ends when the last of them is gone.

import { useCallback, useEffect, useMemo, useSyncExternalStore } from 'react'
import type { LiveLine } from './live-line.ts'
import type { State } from './options.ts'
import { lastOf, sharedTopic } from './shared-topic.ts'
import type { SharedTopicOptions, TopicSnapshot } from './shared-topic.ts'
import type { Member, MessageOf, TopicName } from './topic-words.ts'

export type { TopicSnapshot } from './shared-topic.ts'

/** `since` and `overflow` of the first component that uses a topic count for all of them. */
export type UseTopicOptions = SharedTopicOptions

/** The last messages of a topic, with its state; renders again at each change. */
export function useTopic<Publishes, Receives, Name extends TopicName<Receives>>(
  line: LiveLine<Publishes, Receives>,
  topic: Name,
  options: UseTopicOptions = {},
): TopicSnapshot<MessageOf<Receives, Name>> {
  const shared = sharedTopic(line, topic)
  // Options are read when the subscription begins; new objects with each render do not end it.
  const watch = useCallback((listener: () => void) => shared.watch(listener, options), [shared])
  const snapshot = useSyncExternalStore(watch, shared.snapshot, shared.snapshot)
  const { limit = 100 } = options
  return useMemo(
    () => ({ ...snapshot, messages: lastOf(snapshot.messages, limit) }),
    [snapshot, limit],
  )
}

/** Who is present at a topic; with `state` this client is too, for as long as the component is there. */
export function usePresence<Publishes, Receives>(
  line: LiveLine<Publishes, Receives>,
  topic: TopicName<Receives>,
  state?: unknown,
): readonly Member[] {
  const { members } = useTopic(line, topic, { presence: true, limit: 0 })
  // States are plain data: equal text is an equal state.
  const text = state === undefined ? undefined : JSON.stringify(state)
  useEffect(() => {
    if (text === undefined) return undefined
    const told = (): void => {}
    // A refusal shows in the list: this client is not in it.
    line.present(topic, JSON.parse(text)).catch(told)
    return () => {
      if (line.state !== 'closed') line.present(topic, null).catch(told)
    }
  }, [line, topic, text])
  return members
}

/** `connecting`, `open`, `reconnecting` or `closed`. */
export function useLineState<Publishes, Receives>(line: LiveLine<Publishes, Receives>): State {
  const watch = useCallback((listener: () => void) => line.watch(listener), [line])
  const state = (): State => line.state
  return useSyncExternalStore(watch, state, state)
}
