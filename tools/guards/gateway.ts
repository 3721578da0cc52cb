// The guards of the chat: who may say what, as whom, and what a page must not lose or show twice.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const tests = 'packages/gateway/test'

export const guards: readonly Guard[] = [
  ...guardsOf(
    'packages/gateway/src/chat/chat-route.ts',
    [`${tests}/chat/chat-route.test.ts`],
    [
      ['any topic is a room', 'isRoomTopic(topic) && '],
      [
        'a page says who wrote it',
        '{ ...draft, from: personOf(identity.id), at: now() }',
        '{ from: personOf(identity.id), at: now(), ...JSON.parse(String(message)) }',
      ],
      ['what is no message is said', 'if (draft === null || identity === null) return null', ''],
      [
        'a name can hide what it is',
        'if (name !== tidyName(name) || nameProblem(name) !== null) return null',
      ],
    ],
  ),
  ...guardsOf(
    'packages/gateway/src/chat/rooms.ts',
    [`${tests}/chat/rooms.test.ts`],
    [
      ['rooms are without end', 'if (this.#usedAtMs.size >= this.#count) return false'],
      ['rooms that nobody uses keep others out', 'this.#usedAtMs.delete(room)\n'],
    ],
  ),
  ...guardsOf(
    'packages/gateway/src/page/chat-session.ts',
    [`${tests}/page/chat-session.test.ts`],
    [
      ['a retry is said twice', '{ idempotencyKey: draft.id }', '{}'],
      [
        'a gap is not told on the page',
        "this.#note(missing[reason] ?? 'Some messages are missing here', this.#heardAtMs)",
      ],
      [
        'what history still has is not read',
        'if (this.#isIncomplete) void this.#readHistory()',
        'if (false) {}',
      ],
      ['any number of messages waits', ' || this.transcript.pending.length >= pendingCount'],
    ],
  ),
  ...guardsOf(
    'packages/gateway/src/page/transcript.ts',
    [`${tests}/page/transcript.test.ts`],
    [['a message is shown twice', 'if (index >= 0 && !this.#guessed.delete(key)) return false']],
  ),
]
