// Ways through Holdline's topics as rivals of one another: bench/rivals/topics.ts serves each. Starts no server but to
// probe.
import { dialects, type DialectName } from './dialect.ts'
import { versionOf } from './finding.ts'
import { nodeProgram, whyNoUring, type Rival } from './rivals.ts'

/** A topic without history, and messages as they are published: what the others are held against. */
export const bareTopic = 'bare'

const ways: Readonly<Record<string, { readonly dialect: DialectName; readonly history: boolean }>> =
  {
    [bareTopic]: { dialect: 'plain', history: false },
    history: { dialect: 'plain', history: true },
    'line-json': { dialect: 'line-json', history: true },
    'line-msgpack': { dialect: 'line-msgpack', history: true },
  }

export const topicRivalNames: readonly string[] = Object.keys(ways)

/** @throws RangeError for a name that is no way through topics */
export function topicRival(name: string): Rival {
  const way = Object.hasOwn(ways, name) ? ways[name] : undefined
  if (way === undefined) {
    throw new RangeError(`there is no way '${name}'; the ways are ${topicRivalNames.join(', ')}`)
  }
  return {
    name,
    dialect: dialects[way.dialect],
    hasTopics: true,
    get command() {
      const engine = whyNoUring() === null ? 'uring' : 'node'
      return nodeProgram('topics.ts', engine, way.history ? 'history' : 'none')
    },
    version: versionOf('holdline') ?? 'unknown',
    whyNot: () => null,
  }
}
