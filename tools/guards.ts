// `npm run guards [-- --sample N] [-- filter…]`: takes each guard out of the code, one at a time, in a copy of the
// tree, and sees to it that a test fails. Owns the copying and running; which guards there are is said in tools/guards/.
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { Guard } from './guard.ts'

export interface Verdict {
  readonly guard: Guard
  /** Whether the removal was noticed. */
  readonly ok: boolean
  readonly text: string
}

/**
 * A removal that makes a test wait for what never comes counts as noticed after this time and some times what
 * the tests take with the guard in place.
 */
const hangMs = 10_000
const hangFactor = 4
/** A property test that draws its cases may need another draw to meet the one that a guard is for. */
const rounds = 3
/** For tests with every guard in place. */
const baselineMs = 60_000

interface Baseline {
  readonly passed: boolean
  readonly ms: number
}

/** Checks the guards in copies of the tree at `root`, several at a time. */
export async function checkGuards(
  root: string,
  guards: readonly Guard[],
  tell: (verdict: Verdict) => void = () => {},
  width: number = Math.max(1, Math.min(4, availableParallelism())),
): Promise<Verdict[]> {
  const folder = mkdtempSync(join(tmpdir(), 'holdline-guards-'))
  const waiting = [...guards]
  const verdicts: Verdict[] = []
  const baselines = new Map<string, Promise<Baseline>>()
  const lane = async (_: unknown, number: number): Promise<void> => {
    const copy = join(folder, String(number))
    copyTree(root, copy)
    for (let guard = waiting.shift(); guard !== undefined; guard = waiting.shift()) {
      const verdict = await judge(copy, guard, baselines)
      verdicts.push(verdict)
      tell(verdict)
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(width, guards.length) }, lane))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return verdicts
}

async function judge(
  copy: string,
  guard: Guard,
  baselines: Map<string, Promise<Baseline>>,
): Promise<Verdict> {
  const fail = (text: string): Verdict => ({ guard, ok: false, text })
  const path = join(copy, guard.file)
  if (!existsSync(path)) return fail('the file is not there')
  const source = readFileSync(path, 'utf8')
  const count = source.split(guard.snippet).length - 1
  if (count !== 1) return fail(`the snippet is there ${count} times, not once`)
  const missing = guard.tests.find((file) => !existsSync(join(copy, file)))
  if (missing !== undefined) return fail(`${missing} is not there`)

  const key = JSON.stringify([guard.tests, guard.only])
  let baseline = baselines.get(key)
  if (baseline === undefined) {
    const startedAt = performance.now()
    baseline = runTests(copy, guard, baselineMs).then(({ passed }) => ({
      passed,
      ms: performance.now() - startedAt,
    }))
    baselines.set(key, baseline)
  }
  const { passed: passedBefore, ms } = await baseline
  if (!passedBefore) return fail('its tests fail with the guard in place, or none runs')

  writeFileSync(
    path,
    source.replace(guard.snippet, () => guard.replacement ?? ''),
  )
  try {
    if (!(await loads(copy, path))) return fail('the module does not load without the snippet')
    for (let round = 1; round <= rounds; round++) {
      const { passed, hung } = await runTests(copy, guard, hangMs + hangFactor * ms)
      if (passed) continue
      const when = round === 1 ? '' : ` in round ${round}`
      return { guard, ok: true, text: `noticed${when}${hung ? ': a test waits in vain' : ''}` }
    }
    return fail('no test notices that it is gone')
  } finally {
    writeFileSync(path, source)
  }
}

/** Whether the module still is a program: a syntax error would fail every test and prove nothing. */
async function loads(copy: string, path: string): Promise<boolean> {
  const url = JSON.stringify(pathToFileURL(path).href)
  const code = `await import(${url}); process.exit(0)`
  const { status } = await node(
    copy,
    ['-C', 'source', '--input-type=module', '-e', code],
    baselineMs,
  )
  return status === 0
}

async function runTests(
  copy: string,
  guard: Guard,
  patienceMs: number,
): Promise<{ passed: boolean; hung: boolean }> {
  const only = guard.only === undefined ? [] : [`--test-name-pattern=${guard.only}`]
  const options = ['-C', 'source', '--test', '--test-reporter=tap', ...only, ...guard.tests]
  const { status, output, hung } = await node(copy, options, patienceMs)
  // Where no name matches, the file itself counts as a test that passed.
  const someRan = /^\s*ok \d+ - (?!.*\.test\.ts$)/m.test(output)
  return { passed: status === 0 && someRan, hung }
}

function node(
  cwd: string,
  options: readonly string[],
  patienceMs: number,
): Promise<{ status: number | null; output: string; hung: boolean }> {
  return new Promise((resolve, reject) => {
    // A test runner that is started by a test must not report to that one.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const child = spawn(process.execPath, options, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    let output = ''
    let hung = false
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const timer = setTimeout(() => {
      hung = true
      // The whole group: the runner has a child for each test file.
      process.kill(-child.pid!, 'SIGKILL')
    }, patienceMs)
    child.on('error', reject)
    child.on('close', (status) => {
      clearTimeout(timer)
      resolve({ status, output, hung })
    })
  })
}

/** A copy that shares the installed packages and has the repository's own ones for itself. */
function copyTree(root: string, copy: string): void {
  const left = new Set(['node_modules', '.git', 'dist', '.artifacts', 'coverage'])
  cpSync(root, copy, { recursive: true, filter: (path) => !left.has(basename(path)) })
  const installed = join(root, 'node_modules')
  if (!existsSync(installed)) return
  mkdirSync(join(copy, 'node_modules'))
  const own = new Map(ownPackages(copy))
  for (const name of readdirSync(installed)) {
    symlinkSync(own.get(name) ?? join(installed, name), join(copy, 'node_modules', name))
  }
}

function ownPackages(copy: string): [string, string][] {
  const folder = join(copy, 'packages')
  if (!existsSync(folder)) return []
  return readdirSync(folder).map((name) => {
    const manifest = readFileSync(join(folder, name, 'package.json'), 'utf8')
    return [(JSON.parse(manifest) as { name: string }).name, join(folder, name)]
  })
}

/** Every guard that the files of tools/guards/ name. */
export async function readGuards(): Promise<Guard[]> {
  const folder = join(import.meta.dirname, 'guards')
  const found: Guard[] = []
  for (const name of readdirSync(folder).toSorted()) {
    const url = pathToFileURL(join(folder, name)).href
    const module = (await import(url)) as { guards: readonly Guard[] }
    found.push(...module.guards)
  }
  return found
}

/** Some guards, others each time; the printed seed in GUARDS_SEED chooses the same ones again. */
export function sample(guards: readonly Guard[], count: number): Guard[] {
  const seed = process.env['GUARDS_SEED'] ?? randomBytes(4).toString('hex')
  console.log(`${Math.min(count, guards.length)} of ${guards.length} guards, GUARDS_SEED=${seed}`)
  const rank = (index: number): string =>
    createHash('sha256').update(`${seed} ${index}`).digest('hex')
  return guards
    .map((guard, index) => ({ guard, rank: rank(index) }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, count)
    .map(({ guard }) => guard)
}

async function main(): Promise<number> {
  const { values, positionals: filters } = parseArgs({
    allowPositionals: true,
    options: { sample: { type: 'string' } },
  })
  const fitting = (await readGuards()).filter(
    ({ file, without }) =>
      filters.length === 0 || filters.some((filter) => `${file} ${without}`.includes(filter)),
  )
  const chosen = values.sample === undefined ? fitting : sample(fitting, Number(values.sample))
  if (chosen.length === 0) {
    console.error(`No guard has ${filters.join(' or ')} in its file or text`)
    return 2
  }
  const started = performance.now()
  const verdicts = await checkGuards(dirname(import.meta.dirname), chosen, (verdict) => {
    const { guard, ok, text } = verdict
    const file = guard.file.replace(/^packages\/([^/]+)\/src\//, '$1/')
    console.log(`${ok ? '✔' : '✖'} ${file.padEnd(36)} without it ${guard.without}: ${text}`)
  })
  const failed = verdicts.filter(({ ok }) => !ok).length
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  console.log(`${verdicts.length - failed} guards noticed, ${failed} not, ${seconds} s`)
  return failed === 0 ? 0 : 1
}

if (import.meta.main) process.exitCode = await main()
