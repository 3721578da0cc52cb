// The programming models as rivals of one another: bench/rivals/models.ts serves each. Starts no server but to probe.
import { models } from '../../rivals/models.ts'
import { dialects } from './dialect.ts'
import { versionOf } from './finding.ts'
import { nodeProgram, whyNoUring, type Rival } from './rivals.ts'

/** `behavior` is the core's own contract, with no model on it: what the others are held against. */
export const bareModel = 'behavior'

export const modelNames: readonly string[] = Object.keys(models)

/** A thread for each connection: as many as a small machine bears. */
const maxConnectionCounts: Readonly<Record<string, number>> = { threads: 16 }

/** @throws RangeError for a name that is no model */
export function modelRival(name: string): Rival {
  if (!Object.hasOwn(models, name)) {
    throw new RangeError(`there is no model '${name}'; the models are ${modelNames.join(', ')}`)
  }
  const maxConnectionCount = maxConnectionCounts[name]
  return {
    name,
    dialect: dialects.plain,
    hasTopics: false,
    ...(maxConnectionCount === undefined ? {} : { maxConnectionCount }),
    command: nodeProgram('models.ts', name),
    version: versionOf('holdline') ?? 'unknown',
    // The loop stands on no engine.
    whyNot: () => (name === 'loop' ? null : whyNoUring()),
  }
}
