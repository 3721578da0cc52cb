// The guards of the actors model.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const actors = 'packages/server/src/models/actors'
const tests = 'packages/server/test/models/actors'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${actors}/cell.ts`,
    [`${tests}/actor-system.test.ts`, `${tests}/received.test.ts`],
    [
      ['a message begins before the last one has ended', 'this.bits |= CellBit.BUSY', ''],
      ['what waits dies unheard', 'mailbox.askAt(i)?.fail(reason)', 'mailbox.askAt(i)'],
      ['an ask that runs outlives its actor', 'rare.failAll(reason)', ''],
      ['a stopped actor goes on', 'this.terminate(this.rare!.stopReason!)', 'void 0'],
      ['a refusal ends the actor', 'error instanceof Refusal && ask !== null', 'false'],
      [
        'an idle actor keeps its mailbox',
        'this.host.mailboxes.give(this.mailbox)\n    this.mailbox = null',
        '',
      ],
      ['a message is tried twice', 'receive.tested++', ''],
    ],
  ),
  ...guardsOf(
    `${actors}/cell.ts`,
    [`${tests}/links-and-monitors.test.ts`],
    [
      [
        'a kill can be trapped',
        "const isKill = reason === 'kill' && !isLink",
        'const isKill = false',
      ],
      [
        'normal ends others',
        "else if (reason !== 'normal') this.terminate(reason)",
        'else this.terminate(reason)',
      ],
      [
        'an undone link still ends',
        'if (isLink && this.relations?.links.delete(from!.canonical) !== true) return',
        '',
      ],
    ],
  ),
  ...guardsOf(
    `${actors}/links-and-monitors.ts`,
    [`${tests}/links-and-monitors.test.ts`],
    [
      ['a monitor that was taken back tells', 'monitor.isTakenBack = true', ''],
      ['a dead actor is linked in silence', "else cell.exitSignal(ref, 'noproc', false)", ''],
      ['a dead actor is watched in silence', "else monitor.tell('noproc')", ''],
    ],
  ),
  ...guardsOf(
    `${actors}/ask.ts`,
    [`${tests}/actor-system.test.ts`],
    [
      [
        'a timer is left behind',
        'if (expiry.head === null) this.#expiries.delete(timeoutMs)\n      else',
        '',
      ],
    ],
  ),
  ...guardsOf(
    `${actors}/supervisor.ts`,
    [`${tests}/supervisor.test.ts`],
    [
      [
        'children stop in the order of their start',
        'for (const each of [...this.#children.values()].reverse())',
        'for (const each of [...this.#children.values()])',
      ],
      [
        'whoever does not stop is waited for',
        "if (down !== null) return\n    this.sendExit(ref, 'kill')",
        'if (down !== null) return',
      ],
      [
        'a temporary child is started again',
        "if (each.spec.restart !== 'temporary') stopped.unshift(each)",
        'if (each !== null) stopped.unshift(each)',
      ],
      ['strangers stop a supervisor', 'if (!isParent) return', ''],
    ],
  ),
  ...guardsOf(
    `${actors}/restart-intensity.ts`,
    [`${tests}/supervisor.test.ts`],
    [
      [
        'old restarts count',
        'this.#restartsMs.filter((at) => at >= nowMs - this.#periodMs)',
        'this.#restartsMs',
      ],
    ],
  ),
  ...guardsOf(
    `${actors}/peer.ts`,
    [`${tests}/remote.test.ts`],
    [
      [
        'asks outlive the worker',
        "for (const ask of this.asks.values()) ask.fail('noconnection')",
        '',
      ],
      ['links outlive the worker', "cell!.exitSignal(ref, 'noconnection', true)", 'void 0'],
    ],
  ),
  ...guardsOf(
    `${actors}/mailbox.ts`,
    [`${tests}/mailbox.test.ts`],
    [
      ['a ring grows without end', 'if (this.#capacity === LARGE_CAPACITY) {', 'if (false) {'],
      [
        'what was handled is kept',
        'if (this.#laterCount > 0 && this.length === this.#laterCount) this.#nextRing()',
        '',
      ],
      [
        'what comes overtakes what came later',
        'if (this.#laterCount > 0 || this.length === this.#capacity) {',
        'if (this.length === this.#capacity) {',
      ],
    ],
  ),
  ...guardsOf(
    `${actors}/run-queue.ts`,
    [`${tests}/run-queue.test.ts`],
    [
      ['a hot actor keeps its turn', 'slice < MAX_SLICE && ', ''],
      ['slow messages take the turn of I/O', 'this.#clock.now() - sinceMs >= MAX_TURN_MS', 'false'],
      ['a turn has no end where no time passes', 'handled >= MAX_TURN_MESSAGES || ', ''],
      ['what comes between two turns has one of its own', 'if (this.#isAwake) return\n', ''],
    ],
  ),
  ...guardsOf(
    `${actors}/actor-system.ts`,
    [`${tests}/connection-actor.test.ts`],
    [
      [
        'a crash of a connection is told twice',
        'if (this.#report !== logged || !cell.isLoggedElsewhere) ',
        '',
      ],
    ],
  ),
  ...guardsOf(
    `${actors}/held-senders.ts`,
    [`${tests}/held-senders.test.ts`],
    [
      ['a sender is held back twice', 'if (this.#held.has(sender)) return', ''],
      ['a sender is let go twice', 'this.#held.clear()', ''],
    ],
  ),
  ...guardsOf(
    `${actors}/peer.ts`,
    [`${tests}/peer.test.ts`],
    [
      [
        'a line sends on to a worker that is behind',
        "if (result === 'queued' && sender !== null) this.held.hold(sender)",
        '',
      ],
      [
        'a line sends on to a full mailbox of another worker',
        'if (held !== undefined && sender !== null) held.hold(sender)',
        '',
      ],
      [
        'a line waits for a worker that is gone',
        'for (const held of this.heldFor.values()) held.letAllGo()',
        '',
      ],
    ],
  ),
  ...guardsOf(
    `${actors}/remote.ts`,
    [`${tests}/peer.test.ts`],
    [
      ['who is refused is remembered for ever', ' || kind.refuses) return null', ') return null'],
      [
        'a line that was held back by a worker never goes on',
        'this.peer(workerId).held.letAllGo()',
        '',
      ],
    ],
  ),
  ...guardsOf(
    `${actors}/ref-table.ts`,
    [`${tests}/ref-table.test.ts`],
    [['an actor that has ended is found by others', 'this.#live.delete(id)', '']],
  ),
  ...guardsOf(
    `${actors}/rare.ts`,
    [`${tests}/rare.test.ts`],
    [
      [
        'answered asks are kept for the life of an actor',
        'this.#asks = this.#asks.filter(({ isDone }) => !isDone)',
        'this.#asks = [...this.#asks]',
      ],
    ],
  ),
  ...guardsOf(
    `${actors}/registry.ts`,
    [`${tests}/registry.test.ts`],
    [
      ['a failed start keeps the key of the machine', 'at.mesh.release(place)', ''],
      ['the key of a dead actor is its own', 'this.#mesh?.mesh.release(place)', ''],
      ['a key without an owner is asked for for ever', 'tries < MAX_TRIES', 'tries < 1_000'],
      [
        'the names of a dead actor are taken',
        'for (const name of rare?.names ?? []) this.#names.delete(name)',
        '',
      ],
    ],
  ),
  ...guardsOf(
    `${actors}/travel.ts`,
    [`${tests}/travel.test.ts`],
    [
      ['a getter writes over what it is part of', 'this.#writer = null\n    try', 'try'],
      ['a reference means another actor elsewhere', 'if (ref.host !== this.#host)', 'if (false)'],
      ['an actor has two references', 'else ref.canonical = known', ''],
    ],
  ),
  ...guardsOf(
    `${actors}/unresolved.ts`,
    [`${tests}/unresolved.test.ts`],
    [
      ['an ask that was given up is made', 'if (!ask.isDone) to', 'to'],
      ['a monitor that was taken back is made', 'if (!monitor.isTakenBack) watch', 'watch'],
      [
        'one that cannot go on holds up the rest',
        'this.#report(error)\n',
        'this.#report(error)\n        break\n',
      ],
    ],
  ),
  ...guardsOf(
    `${actors}/value-reader.ts`,
    [`${tests}/value-reader.test.ts`],
    [
      ['bytes that end are read on', 'if (this.#at >= this.#bytes.length) throw cutOff()', ''],
      ['lengths are believed', 'if (this.#at > this.#bytes.length) throw cutOff()', ''],
    ],
  ),
]
