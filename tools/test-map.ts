// Which test file covers which source file: each module of packages/*/src has its own, in the same place below
// test/. Owns the exceptions, each with its reason; must not know what the tests say.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { basename, dirname, join } from 'node:path'

const engineCases =
  'cases of the engine contract; test/engines/contract.test.ts runs them for every engine'

const brokerCases =
  'cases of the broker contract; test/brokers/contract.test.ts runs them for every broker'

const catalogue = 'a part of the catalogue; test/protocol/errors.test.ts checks it whole'

/** Source files without a test file of their own, and why. */
export const exceptions: Readonly<Record<string, string>> = {
  'packages/server/src/connection/transport.ts':
    'a contract, and the one number that stands for a line',
  'packages/server/src/connection/worker-mesh.ts': 'a contract, and its bounds',
  'packages/server/src/protocol/error-entries/line.ts': catalogue,
  'packages/server/src/protocol/error-entries/models.ts': catalogue,
  'packages/server/src/protocol/error-entries/operation.ts': catalogue,
  'packages/server/src/protocol/error-entries/topics.ts': catalogue,
  'packages/server/src/protocol/error-entries/wire.ts': catalogue,
  'packages/server/src/testing/cases/answer-rules.ts': engineCases,
  'packages/server/src/testing/cases/broker-appending.ts': brokerCases,
  'packages/server/src/testing/cases/broker-attaching.ts': brokerCases,
  'packages/server/src/testing/cases/broker-faults.ts': brokerCases,
  'packages/server/src/testing/cases/broker-passing.ts': brokerCases,
  'packages/server/src/testing/cases/broker-reading.ts': brokerCases,
  'packages/server/src/testing/cases/closing.ts': engineCases,
  'packages/server/src/testing/cases/deadlines.ts': engineCases,
  'packages/server/src/testing/cases/order-rules.ts': engineCases,
  'packages/server/src/testing/cases/sending.ts': engineCases,
  'packages/server/src/testing/cases/traffic.ts': engineCases,
  'packages/server/src/testing/cases/upgrade.ts': engineCases,
  'packages/server/src/testing/simulation/broker-talk.ts': 'types, and four numbers',
}

/** Where the test of a source file lies. */
export function testFileOf(source: string): string {
  return source.replace(/^(packages\/[^/]+)\/src\//, '$1/test/').replace(/\.ts$/, '.test.ts')
}

/** Whether a module has nothing that runs: types, imports and re-exports only. */
export function hasNothingToRun(source: string): boolean {
  const code = stripTypeScriptTypes(source)
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    .replace(/^\s*(import|export)\b[^'"();=]*(from\s*)?['"][^'"]+['"];?/gm, '')
    .replace(/^\s*export\s*\{\s*\};?/gm, '')
  return code.trim() === ''
}

/** What is missing, as lines to print; also exceptions that are no longer needed. */
export function findGaps(
  files: ReadonlyMap<string, string>,
  exists: (path: string) => boolean,
  excused: Readonly<Record<string, string>> = exceptions,
): string[] {
  const gaps: string[] = []
  for (const [file, source] of files) {
    if (basename(file) === 'index.ts' || hasNothingToRun(source)) continue
    const test = testFileOf(file)
    if (file in excused) {
      if (exists(test)) gaps.push(`${file} has a test; remove its exception`)
    } else if (!exists(test)) gaps.push(`${file} has no ${test}`)
  }
  for (const file of Object.keys(excused)) {
    if (!files.has(file)) gaps.push(`${file} is excused and does not exist`)
  }
  return gaps
}

export function sourceFiles(root: string): Map<string, string> {
  const files = new Map<string, string>()
  for (const name of readdirSync(join(root, 'packages'))) {
    const folder = `packages/${name}/src`
    if (!existsSync(join(root, folder))) continue
    for (const path of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.ts') || path.endsWith('.d.ts')) continue
      const file = `${folder}/${path.replaceAll('\\', '/')}`
      files.set(file, readFileSync(join(root, file), 'utf8'))
    }
  }
  return files
}

if (import.meta.main) {
  const root = dirname(import.meta.dirname)
  const gaps = findGaps(sourceFiles(root), (path) => existsSync(join(root, path)))
  const enforce = process.argv.includes('--enforce')
  for (const gap of gaps) console.error(enforce ? gap : `warning: ${gap}`)
  if (enforce && gaps.length > 0) process.exitCode = 1
}
