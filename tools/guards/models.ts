// The guards of the callbacks model and of what all models use: contracts and the turn.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

const callbacks = 'packages/server/src/models/callbacks'
const connection = 'packages/server/src/connection'
const tests = 'packages/server/test'

export const guards: readonly Guard[] = [
  ...guardsOf(
    `${callbacks}/callbacks.ts`,
    [`${tests}/models/callbacks/callbacks.test.ts`, `${tests}/models/callbacks/bytes.test.ts`],
    [
      [
        'messages come while `open` is under way',
        'if (isPromise(result)) program.laneOf(c).hold(result)\n    },\n    message',
        '},\n    message',
      ],
      [
        'messages overtake one another',
        'if (lane !== null) {\n        lane.message(data)\n        return\n      }',
        '',
      ],
      [
        'messages come while a handler is under way',
        'if (isPromise(result)) program.laneOf(c).hold(result)\n    },\n    // Not',
        '},\n    // Not',
      ],
      [
        '`close` overtakes a message',
        'if (lane === null) failLater(c, last())\n      else lane.close(last)',
        'failLater(c, last())',
      ],
      [
        "a rejection outside of the lane is nobody's",
        "result.then(undefined, (error: unknown) => c.fail('ERR_HANDLER', error))",
      ],
      [
        "a failed `drain` is nobody's",
        'failLater(\n        c,\n        program.run(c, () => functions.drain?.(program.seenAs(c))),\n      )',
        'program.run(c, () => functions.drain?.(program.seenAs(c)))',
      ],
    ],
  ),
  ...guardsOf(
    `${connection}/message-view.ts`,
    [`${tests}/models/callbacks/typed-callbacks.test.ts`],
    [
      [
        'a message that does not match reaches the handler',
        'if (decoded.issues === undefined) return decoded.value',
        'return (decoded as { value: never }).value',
      ],
      [
        'a message that does not match is dropped in silence',
        'c.send(invalidMessageAnswer(decoded.issues))',
      ],
    ],
  ),
  ...guardsOf(
    `${connection}/program-handlers.ts`,
    [
      `${tests}/connection/program-handlers.test.ts`,
      `${tests}/models/callbacks/callbacks.test.ts`,
      `${tests}/models/callbacks/bytes.test.ts`,
    ],
    [
      [
        'a program is not told of a failed handler',
        'this.#functions.error?.(this.seenAs(c), error)',
      ],
      [
        'a handler that rejects is told to nobody',
        'return promise.then(undefined, (error: unknown) => this.#failed(c, error))',
        'return promise',
      ],
      [
        'an asynchronous handler has bytes that change',
        'this.#keepsBytes && typeof data',
        'typeof data === typeof c && typeof data',
      ],
      [
        'the first message of an asynchronous handler changes',
        'this.#keepsBytes = isAsync((functions as { readonly message?: unknown }).message)',
        'this.#keepsBytes = false',
      ],
      [
        'a message that was answered reaches the handler',
        'if (message === UNFIT) return undefined',
      ],
    ],
  ),
  ...guardsOf(
    `${callbacks}/websocket-handler.ts`,
    [`${tests}/models/callbacks/bytes.test.ts`],
    [
      [
        'an asynchronous method has bytes that change',
        'isAsync(Class.prototype.onMessage)',
        'isAsync(undefined)',
      ],
    ],
  ),
  ...guardsOf(
    `${callbacks}/websocket-handler.ts`,
    [`${tests}/models/callbacks/websocket-handler.test.ts`],
    [
      ['a write on a closed connection waits for ever', '      else reject(this.#ownEnd())\n'],
      [
        'a write does not wait for room',
        "if (result === 'queued') this.#waiting.push({ resolve, reject })",
        "if (result === 'queued') resolve()",
      ],
      [
        'a write waits for ever when the connection is gone',
        'for (const { reject } of waiting) reject(this.#ownEnd())',
      ],
      ['a write that nobody awaits takes the process along', 'waiting.catch(() => {})'],
      ['a method that fails passes for done', 'if (!object.isOwnEnd(error)) throw error'],
      [
        'a method that ends with its connection has failed',
        'if (!object.isOwnEnd(error)) throw error',
        'throw error',
      ],
      [
        'every page may connect',
        'return origin.host.toLowerCase() === request.host.toLowerCase()',
        'return origin.host !== request.headers.x',
      ],
      ['a write waits where there is room', "if (result === 'sent') return"],
      [
        'a message of a contract is sent as it is',
        'this.#agreed === undefined ? message : this.#agreed.encode(message)',
        'message',
      ],
      [
        'a write waits for ever when there is room again',
        'for (const { resolve } of waiting) resolve()',
      ],
      ['an origin that is none is asked about', 'URL.canParse(origin) && Class', 'Class'],
      [
        'a handler that waits in `write` never hears of the end',
        '      objects.get(c)?.ended(code, reason)\n',
      ],
      [
        'a ping may be awaited longer than the next one',
        'if (pingTimeoutMs > pingIntervalMs) {',
        'if (pingTimeoutMs < 0) {',
      ],
      ['pings go out that were switched off', 'if (pingIntervalMs === null) return false'],
      [
        'limits of the class are lost',
        '    ...(Class.limits !== undefined && { limits: Class.limits }),\n',
      ],
    ],
  ),
  ...guardsOf(
    `${connection}/contract.ts`,
    [`${tests}/connection/contract.test.ts`],
    [
      [
        'bytes are read as JSON',
        "if (typeof message !== 'string') return { issues: [issue('expected JSON in a text message')] }",
      ],
      [
        'nested messages exhaust the stack',
        "if (isNestedTooDeep(message)) return { issues: [issue('nested too deep')] }",
      ],
      [
        'what is no JSON takes the connection along',
        'return { issues: [issue(`not JSON: ${(error as Error).message.slice(0, 120)}`)] }',
        'throw error',
      ],
      [
        'a message goes out that does not match',
        'if (result.issues !== undefined) {',
        'if (result === undefined) {',
      ],
      ['what is not JSON goes out', 'if (json === undefined) {', 'if (json === null) {'],
      [
        'brackets in strings count',
        'if (unit === 0x22) at = endOfString(json, at + 1)\n    else if',
        'if',
      ],
      ['any nesting passes', 'if (++depth > MAX_DEPTH) return true', 'depth++'],
      ['brackets that are closed count', ' else if (unit === 0x5d || unit === 0x7d) depth--'],
      [
        'a quote behind a backslash ends a string',
        'if (backslashes % 2 === 0) return i',
        'return i',
      ],
      [
        'an error of a schema passes for a nested message',
        'if (error instanceof RangeError) return',
        'return',
      ],
      [
        'an asynchronous schema lets everything pass',
        'if (isPromise(result)) {',
        'if (result === null) {',
      ],
      ["a rejection of an asynchronous schema is nobody's", 'result.then(undefined, () => {})'],
      ['any number of issues is told', '.slice(0, MAX_ISSUES)'],
    ],
    'zod|valibot|asynchronous|transform|JSON|path|depth|nested|mistake',
  ),
  ...guardsOf(
    `${connection}/turn.ts`,
    [`${tests}/connection/turn.test.ts`],
    [
      ['a member is flushed twice a turn', 'if (member.flushScheduled) return'],
      [
        'a turn comes once and never again',
        '    this.#scheduled = false\n    const toDeliver',
        '    const toDeliver',
      ],
      ['what members put off holds the loop', '    this.#toDeliver = []\n    for', '    for'],
      [
        'what was called before a flush is called for ever',
        '    this.#before = []\n    for',
        '    for',
      ],
      ['what is flushed once is flushed for ever', '    this.#toFlush = []\n    for', '    for'],
      ['a member is flushed once and never again', '      member.flushScheduled = false\n'],
      [
        'a delivery that fails costs all others their turn',
        'try {\n        member.deliverHeld()\n      } catch (error) {\n        reportUncaught(error)\n      }',
        'member.deliverHeld()',
      ],
      [
        'a publication that fails costs all others their turn',
        'try {\n        f()\n      } catch (error) {\n        reportUncaught(error)\n      }',
        'f()',
      ],
      [
        'a flush that fails costs all others their turn',
        'try {\n        member.flush()\n      } catch (error) {\n        reportUncaught(error)\n      }',
        'member.flush()',
      ],
      ['an error of the core is swallowed', '    throw error\n'],
      [
        'memory is given back that frames lie in',
        'if (this.#toFlush.length === 0) this.arena.turnEnded()',
        'this.arena.turnEnded()',
      ],
    ],
  ),
  ...guardsOf(
    `${connection}/limits.ts`,
    [`${tests}/connection/limits.test.ts`],
    [
      [
        'a high mark may be beyond the bound',
        'if (limits.highWaterBytes > limits.bufferedBytes) {',
        'if (limits.highWaterBytes < 0) {',
      ],
      [
        'a smaller bound is refused for the default of its mark',
        '    limits.highWaterBytes = Math.min(limits.highWaterBytes, limits.bufferedBytes)\n',
      ],
      [
        'a smaller mark is refused for the default of the low one',
        '    limits.lowWaterBytes = Math.min(limits.lowWaterBytes, limits.highWaterBytes)\n',
      ],
      [
        'a bound of 0 makes a route useless',
        'POSITIVE.includes(name as keyof Limits) ? 1 : 0',
        '0',
      ],
      ['limits change while they are in use', 'return Object.freeze(limits)', 'return limits'],
    ],
  ),
]
