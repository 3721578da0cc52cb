// On which engine `npm test` runs every server that leaves the choice open: ENGINE says so. Knows no tests.
import { whyNotUring } from '../packages/server/src/engines/uring/self-test.ts'

const engines: readonly string[] = ['node', 'uring']

/**
 * Puts what ENGINE says where servers look for it, in this process and in all that it starts. Gives what is wrong,
 * in one line, or null: a run that is told an engine must not pass on another one.
 */
export async function chooseTestEngine(
  environment: NodeJS.ProcessEnv,
  whyNot: () => Promise<string | null> = whyNotUring,
): Promise<string | null> {
  const { ENGINE: engine } = environment
  if (engine === undefined || engine === '') return null
  if (!engines.includes(engine)) return `ENGINE is "${engine}", not one of ${engines.join(', ')}`
  if (engine === 'uring') {
    const reason = await whyNot()
    if (reason !== null) return `ENGINE is "uring", which cannot run here: ${reason}`
  }
  environment['HOLDLINE_ENGINE'] = engine
  return null
}
