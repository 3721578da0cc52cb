// The guards of presence, and of what sends connections away and lets them in: no ghosts, no storms.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const topics = 'packages/server/src/topics'
const topicTests = 'packages/server/test/topics'
const server = 'packages/server/src/server'
const tests = 'packages/server/test/server'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${topics}/presence.ts`,
    [`${topicTests}/presence.test.ts`, `${topicTests}/presence-server.test.ts`],
    [
      [
        'who knows of a death keeps it for itself',
        "if (this.#processes.has(name)) this.#say({ kind: 'bye', from: name })",
      ],
      [
        'who closed before it was announced stays for ever',
        'if (holder instanceof HeldConnection && !holder.isOpen) return',
      ],
      ['a process hears itself', ' || message.from === this.#context.processName'],
      ['what a dead process said brings it back', 'if (this.#gone.has(message.from)) return'],
      [
        'a missed change is never asked for',
        'if (!isPart && process.misses(sequence)) this.#ask(process, now)',
      ],
      ['a process stays present without a word', 'process.dropAll()\n        }', '}'],
      [
        'who stood still takes the others for gone',
        'const isLate = now - dueMs > leaseMs / 4',
        'const isLate = now < 0',
      ],
      ['nobody beats', '    this.#beat ??= this.#beatLater()\n'],
      [
        'who comes late learns nothing',
        "this.#say({ kind: 'ask', from: this.#context.processName, of: null })",
      ],
      [
        'a process that ends leaves its members',
        "if (this.#sequence > 0) this.#say({ kind: 'bye', from: this.#context.processName })",
      ],
      ['a member may have any name', '    checkName(member)\n    // It', '    // It'],
      [
        'a process may have any number of entries',
        'if (before === null && this.#own.size >= this.#options.entries) {',
        'if (before === null && this.#own.size < 0) {',
      ],
      [
        'a state may be of any length',
        'if (bytes > this.#options.stateBytes) {',
        'if (bytes < 0) {',
      ],
      [
        'what is no JSON is announced',
        "if (json === undefined) throw new HoldlineError('ERR_PRESENCE_STATE', typeof state)",
        "json ??= 'null'",
      ],
      [
        'a member that becomes another one stays',
        'if (before !== null && !isReplaced) this.#end(before)',
      ],
      [
        'a state that is set later need not show',
        'if (stamp > this.#lastStamp) this.#lastStamp = stamp',
      ],
      ['a grace is not kept', 'if (graceMs === 0 || this.#isStopped) {', 'if (graceMs >= 0) {'],
    ],
  ),
  ...guardsOf(
    `${topics}/presence-process.ts`,
    [`${topicTests}/presence-process.test.ts`],
    [
      ['changes are taken in any order', 'if (sequence !== this.#sequence + 1) return'],
      ['what is older takes the place of what is newer', 'if (!this.misses(sequence)) return'],
      [
        'pieces of an older telling end a newer one',
        'if (gathered !== null && gathered.sequence > sequence) return',
      ],
      ['a part is taken for all', 'if (gathered.received.size < parts) return'],
      [
        'entries that are no longer told stay',
        'for (const key of this.#entries.keys()) if (!kept.has(key)) this.#clear(key)',
      ],
      [
        'a process may fill the memory of the others',
        'if (before === null && this.#entries.size >= this.#mostEntries) return',
      ],
      ['an entry holds two members', 'if (before !== null && !isSame) this.#table.remove(before)'],
    ],
  ),
  ...guardsOf(
    `${topics}/presence-table.ts`,
    [`${topicTests}/presence-table.test.ts`],
    [
      [
        'a topic that nobody is on stays',
        '      this.#dropIfUnused(topic)\n      if (difference',
        '      if (difference',
      ],
      [
        'a topic that nobody watches stays',
        '      this.#dropIfUnused(topic)\n    }\n  }\n\n  #topic',
        '    }\n  }\n\n  #topic',
      ],
      [
        'what looks the same is told as changed',
        'else if (is !== null && was !== null && !looksLike(is, was)) changed',
        'else if (is !== null && was !== null) changed',
      ],
      [
        'nothing is told as something',
        'if (joined.length + left.length + changed.length === 0) return null',
      ],
      [
        'one listener stands for two',
        'const watcher: PresenceListener = (difference) => listener(difference)',
        'const watcher: PresenceListener = listener',
      ],
      [
        'any entry shows',
        'if (found === null || isLater(entry, found)) found = entry',
        'found = entry',
      ],
    ],
  ),
  ...guardsOf(
    `${topics}/presence-message.ts`,
    [`${topicTests}/presence-message.test.ts`],
    [
      [
        'what is no JSON takes the process along',
        '  } catch {\n    return null\n  }\n  if (typeof message',
        '  } catch (error) {\n    throw error\n  }\n  if (typeof message',
      ],
      ['a state that is no JSON fails later', '  return isJson(stateJson)\n', '  return true\n'],
      ['entries are believed unread', '!set.every(isEntry)', 'false'],
      ['numbers of cleared entries are believed unread', ' && cleared.every(isCount)'],
      ['pieces beyond the last are gathered', 'part < parts && '],
      ['pieces without end are gathered', ' && parts <= MOST_PARTS'],
    ],
  ),
  ...guardsOf(
    `${topics}/presence-options.ts`,
    [`${topicTests}/presence-options.test.ts`],
    [
      [
        'an option may have any name',
        'if (!Object.hasOwn(defaults, name)) {',
        "if (name === '') {",
      ],
      [
        'an option may have any value',
        'if (!Number.isSafeInteger(value) || value < lowest || value > 0x7fff_ffff) {',
        "if (name === '') {",
      ],
    ],
  ),
  ...guardsOf(
    `${server}/admission.ts`,
    [`${tests}/admission.test.ts`],
    [
      ['everybody is let in', 'if (this.#tokens < 1) return false'],
      [
        'a quiet hour lets a storm in',
        'Math.min(this.#burst, this.#tokens + due)',
        'this.#tokens + due',
      ],
      [
        'a small share lets nobody in',
        'Math.max(1, options.burst * share)',
        'options.burst * share',
      ],
      ['each worker lets all in', 'options.perSecond * share', 'options.perSecond'],
      ['those who were refused come back together', 'Math.floor(this.#random() * spreadS)', '0'],
      [
        'somebody is asked to wait for an hour',
        'Math.min(MOST_WAIT_S, Math.ceil(this.#waiting / this.#perSecond))',
        'Math.ceil(this.#waiting / this.#perSecond)',
      ],
      [
        'those who have come are still waited for',
        'Math.max(0, this.#waiting - due)',
        'this.#waiting',
      ],
      [
        'a rate may be anything',
        'if (Number.isSafeInteger(value) && value >= 1 && value <= 1_000_000_000) return',
        'if (value !== undefined) return',
      ],
      [
        'an option may have any name',
        "if (name !== 'perSecond' && name !== 'burst') invalid(`admission.${name} is not an option`)",
      ],
    ],
  ),
  ...guardsOf(
    `${server}/served-route.ts`,
    [`${tests}/admission.test.ts`],
    [
      [
        'the rate of connections is not asked',
        'if (this.#environment.admission?.take() === false) return this.#putOff(request)',
      ],
      [
        'who was put off is counted for ever',
        "    this.#release(request)\n    const code = 'ERR_UPGRADE_ADMISSION'",
        "    const code = 'ERR_UPGRADE_ADMISSION'",
      ],
    ],
  ),
  ...guardsOf(
    `${server}/drain.ts`,
    [`${tests}/drain.test.ts`],
    [
      ['all leave at once', 'if (dueMs >= untilMs) break'],
      [
        'who was told is closed in its slot',
        'if (dueMs + marginMs > nowMs) break',
        'if (dueMs > nowMs) break',
      ],
      [
        'who was told and stays hears that the server is gone for good',
        'code === CloseCode.GOING_AWAY ? CloseCode.SERVICE_RESTART : code',
        'code',
      ],
      [
        'those who came together leave together',
        'const j = Math.floor(random() * (i + 1))',
        'const j = i',
      ],
      [
        'very many are told in one go',
        'Math.min(this.#toTell.length, this.#toldCount + MOST_TOLD)',
        'this.#toTell.length',
      ],
      [
        'a spread takes longer than the grace',
        'Math.min(spreadMs ?? connectionCount, Math.floor(graceMs / 2))',
        'spreadMs ?? connectionCount',
      ],
      [
        'a margin takes longer than the grace',
        'Math.min(MARGIN_MS, Math.floor(graceMs / 4))',
        'MARGIN_MS',
      ],
      ['who is stopped goes on', '    this.#timer?.()\n    this.#timer = null', ''],
      [
        'a spread may be anything',
        'if (!Number.isSafeInteger(spreadMs) || spreadMs < 0 || spreadMs > highest) {',
        'if (spreadMs > 1e12) {',
      ],
    ],
  ),
  ...guardsOf(
    `${server}/shed.ts`,
    [`${tests}/shed.test.ts`],
    [
      [
        'more are sent away than there are',
        'Math.min(total, count ?? Math.round((fraction ?? 0) * total))',
        '(count ?? Math.round((fraction ?? 0) * total))',
      ],
      [
        'a count and a fraction may disagree',
        'if ((count === undefined) === (fraction === undefined)) {',
        'if (options === undefined) {',
      ],
      ['a fraction may be anything', ' && !(fraction >= 0 && fraction <= 1)', ' && fraction < -9'],
      [
        'clients are sent nowhere',
        'if (url !== undefined && !URL.canParse(url)) invalid(`shed: url is ${JSON.stringify(url)}`)',
      ],
      [
        'an option may have any name',
        'for (const name of Object.keys(options)) if (!known.has(name)) invalid(`shed knows no ${name}`)',
      ],
    ],
  ),
  ...guardsOf(
    'packages/server/src/connection/held-connection.ts',
    [`${tests}/drain.test.ts`],
    [
      [
        'a goodbye that throws takes the drain along',
        "this.context.behavior.leaving?.(this, leave)\n    } catch (error) {\n      this.fail('ERR_HANDLER', error)",
        'this.context.behavior.leaving?.(this, leave)\n    } catch (error) {\n      throw error',
      ],
    ],
  ),
]
