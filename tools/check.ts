// `npm run check`: all that can be said about the tree in under half a minute, two steps at a time. Owns the list
// of steps; what a step means lies with its tool.
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'

const root = dirname(import.meta.dirname)

interface Step {
  readonly name: string
  readonly command: readonly string[]
}

/** Tests that open no socket: they tell within seconds. `npm test` runs these and all others. */
const fastTests = [
  'packages/server/test/protocol/**/*.test.ts',
  'packages/server/test/connection/**/*.test.ts',
  'packages/server/test/topics/**/*.test.ts',
  'packages/server/test/brokers/memory/**/*.test.ts',
  'packages/server/test/engines/memory/**/*.test.ts',
  'tools/**/*.test.ts',
]

/** Those among them that take seconds all the same: they start processes, load whole libraries or compare with `ws`. */
const slowTests = [
  /^tools\/(guards|start)\.test\.ts$/,
  /\/connection\/contract\.test\.ts$/,
  /-with-ws\.test\.ts$/,
]

const tool = (file: string, ...options: string[]): string[] => [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  join(import.meta.dirname, file),
  ...options,
]
const bin = (name: string, ...options: string[]): string[] => [
  join(root, 'node_modules', '.bin', name),
  ...options,
]

// The slowest first, so that the last one to finish is a short one.
const steps: readonly Step[] = [
  {
    name: 'fast tests',
    command: [
      process.execPath,
      '-C',
      'source',
      '--test',
      '--test-reporter=dot',
      '--test-concurrency=2',
      ...globSync(fastTests, { cwd: root }).filter(
        (file) => !slowTests.some((pattern) => pattern.test(file)),
      ),
    ],
  },
  { name: 'lint', command: bin('oxlint', '--format=unix') },
  { name: 'types', command: bin('tsc', '-p', 'tsconfig.json', '--noEmit') },
  { name: 'build', command: tool('build.ts') },
  { name: 'unused', command: bin('knip') },
  { name: 'format', command: bin('oxfmt', '--check', '.') },
  { name: 'layers', command: tool('layers.ts') },
  { name: 'size of the client', command: tool('client-size.ts') },
  { name: 'tests mirror sources', command: tool('test-map.ts', '--enforce') },
]

interface Outcome {
  readonly ok: boolean
  readonly output: string
  readonly seconds: number
}

function run(step: Step): Promise<Outcome> {
  const started = performance.now()
  const [file, ...options] = step.command as [string, ...string[]]
  return new Promise((resolve) => {
    const child = spawn(file, options, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    const end = (ok: boolean, extra = ''): void => {
      const output = Buffer.concat(chunks).toString() + extra
      resolve({ ok, output, seconds: (performance.now() - started) / 1000 })
    }
    child.on('error', (error) => end(false, error.message))
    child.on('close', (code) => end(code === 0))
  })
}

/** Runs the steps, `width` at a time, and prints a line for each as it ends. Returns the names that failed. */
async function check(width: number): Promise<string[]> {
  const waiting = [...steps]
  const failed: string[] = []
  const lane = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const { ok, output, seconds } = await run(step)
      console.log(`${ok ? '✔' : '✖'} ${step.name.padEnd(22)} ${seconds.toFixed(1).padStart(5)} s`)
      const warnings = output.split('\n').filter((line) => /\bwarning\b/i.test(line))
      if (!ok) console.log(output.trimEnd())
      else for (const line of warnings) console.log(`  ${line}`)
      if (!ok) failed.push(step.name)
    }
  }
  await Promise.all(Array.from({ length: width }, lane))
  return failed
}

const started = performance.now()
const failed = await check(2)
const seconds = ((performance.now() - started) / 1000).toFixed(1)
if (failed.length === 0) console.log(`All checks passed in ${seconds} s`)
else console.log(`Failed in ${seconds} s: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
