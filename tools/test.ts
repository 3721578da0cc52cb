// `npm test [-- filter…]`: everything there is to test. Owns finding the files, the order they run in and the
// summary. A filter is a part of a path; an option (--test-name-pattern=…) narrows what runs inside the files.
// ENGINE=node or ENGINE=uring: every server that leaves the choice open runs on that engine.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { Readable } from 'node:stream'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { ensureServices } from './services.ts'
import { chooseTestEngine } from './test-engine.ts'

const root = dirname(import.meta.dirname)

/** Files that start browsers, processes or whole programs: one at a time, after all others. */
const heavy: readonly RegExp[] = [
  /^chaos\/test\/run\./,
  /^conformance\//,
  /^examples\//,
  /^packages\/client\/test\/(react|runtimes)\.test\.ts$/,
  /^packages\/gateway\/test\//,
  /^packages\/server\/test\/(package|processes?|interop)\b/,
  /^packages\/server\/test\/engines\/uring\/(descriptors|teardown|ticks|traps|workers)\.test\.ts$/,
  /^tools\/(guards|start)\.test\.ts$/,
]

const deadline = pathToFileURL(join(import.meta.dirname, 'test-deadline.ts')).href

function testFiles(): string[] {
  return ['packages', 'conformance', 'chaos', 'tools', 'examples', 'bench']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
        relative(root, join(root, folder, path)).replaceAll('\\', '/'),
      ),
    )
    .filter((file) => file.endsWith('.test.ts') && !/(^|\/)(node_modules|dist)\//.test(file))
    .toSorted()
}

interface Totals {
  files: number
  passed: number
  skipped: number
  readonly failed: string[]
}

interface Options {
  readonly filters: readonly string[]
  readonly namePatterns: readonly string[]
}

/** The events of all phases as one stream, without the counts that each phase prints for itself. */
async function* phases(files: readonly string[], options: Options, totals: Totals) {
  const isHeavy = (file: string): boolean => heavy.some((pattern) => pattern.test(file))
  const plan = [
    { concurrency: 2, files: files.filter((file) => !isHeavy(file)) },
    { concurrency: 1, files: files.filter(isHeavy) },
  ]
  for (const phase of plan) {
    if (phase.files.length === 0) continue
    const events = run({
      files: phase.files.map((file) => join(root, file)),
      concurrency: phase.concurrency,
      execArgv: ['-C', 'source', '--disable-warning=ExperimentalWarning', '--import', deadline],
      testNamePatterns: [...options.namePatterns],
    })
    for await (const event of events) {
      if (event.type === 'test:fail') {
        const { name, file } = event.data
        // A file and a group fail with what is in them; only the innermost is worth a line.
        const { failureType } = event.data.details.error as { failureType?: string }
        if (failureType !== 'subtestsFailed') {
          totals.failed.push(`${file === undefined ? '' : relative(root, file)}: ${name}`)
        }
      }
      if (event.type === 'test:summary') {
        if (event.data.file !== undefined) {
          totals.files += 1
          continue
        }
        totals.passed += event.data.counts.passed
        totals.skipped += event.data.counts.skipped + event.data.counts.todo
      }
      if (event.type === 'test:diagnostic' && event.data.nesting === 0) {
        if (
          /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /.test(event.data.message)
        ) {
          continue
        }
      }
      yield event
    }
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'test-name-pattern': { type: 'string', multiple: true, default: [] } },
  })
  const options: Options = { filters: positionals, namePatterns: values['test-name-pattern'] }
  const files = testFiles().filter(
    (file) =>
      options.filters.length === 0 || options.filters.some((filter) => file.includes(filter)),
  )
  if (files.length === 0) {
    console.error(`No test file has ${options.filters.join(' or ')} in its path`)
    return 2
  }
  const refusal = await chooseTestEngine(process.env)
  if (refusal !== null) {
    console.error(refusal)
    return 2
  }
  if (!(await ensureServices())) return 1
  const built = spawnSync(process.execPath, [join(import.meta.dirname, 'build.ts')], {
    stdio: 'inherit',
  })
  if (built.status !== 0) return 1

  const started = performance.now()
  const totals: Totals = { files: 0, passed: 0, skipped: 0, failed: [] }
  const report = Readable.from(phases(files, options, totals)).compose(new spec())
  for await (const text of report) process.stdout.write(text as Buffer)

  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const skips = options.namePatterns.length === 0 ? totals.skipped : 0
  const ok = totals.failed.length === 0 && skips === 0 && totals.passed > 0
  for (const name of totals.failed) console.log(`✖ ${name}`)
  if (skips > 0) console.log('✖ a test was skipped; what a test needs has to be there')
  const counts = `${totals.passed} passed, ${totals.failed.length} failed, ${skips} skipped`
  console.log(`\n${ok ? 'OK' : 'FAILED'}: ${counts} in ${totals.files} files, ${seconds} s`)
  return ok ? 0 : 1
}

process.exitCode = await main()
