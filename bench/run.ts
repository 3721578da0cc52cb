// The command: reads options, goes through the suite, prints tables, writes JSON and docs/performance.md.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GeneratorProcess } from './src/load/generator-process.ts'
import { helpText, parseOptions, type Options } from './src/options.ts'
import { modelNames } from './src/process/model-rivals.ts'
import { topicRivalNames } from './src/process/topic-rivals.ts'
import { rivalNames, type Rival } from './src/process/rivals.ts'
import { Progress } from './src/progress.ts'
import { describeEnvironment, readEnvironment } from './src/report/environment.ts'
import { formatFile } from './src/report/format-file.ts'
import { modelsSuiteName, writeModels } from './src/report/models.ts'
import { writePerformance } from './src/report/performance.ts'
import type { Report, ScenarioResult } from './src/report/results.ts'
import { scenarioTable } from './src/report/scenario-table.ts'
import { formatTable } from './src/report/table.ts'
import { topicsSuiteName, writeTopics } from './src/report/topics.ts'
import type { Bench } from './src/scenarios/bench.ts'
import { hasPassed, runSoak } from './src/soak/run-soak.ts'
import type { SoakReport } from './src/soak/soak-report.ts'
import type { SoakSettings } from './src/soak/soak.ts'

/** Servers that compile as they run are at their speed after this long. */
const warmUpMs = 400
const cores = { serverCores: '0', generatorCores: '1' }
const root = fileURLToPath(new URL('../', import.meta.url))

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

try {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) console.log(helpText)
  else if (options.list) console.log(listText(options))
  else if (options.reportFile !== undefined) {
    const report = JSON.parse(readFileSync(options.reportFile, 'utf8')) as Report
    tell(writePage(report))
  } else if (options.soak !== undefined) await holdForMinutes(options, options.soak)
  else await run(options)
} catch (error) {
  console.error(`bench: ${(error as Error).message}`)
  process.exitCode = error instanceof RangeError || error instanceof TypeError ? 2 : 1
}

async function run(options: Options): Promise<void> {
  checkMachine()
  const startMs = performance.now()
  const { missing, rivals } = presentRivals(options)
  const environment = readEnvironment(rivals)
  console.log(describeEnvironment(environment))
  for (const [name, reason] of Object.entries(missing)) console.log(`without ${name}: ${reason}`)

  const progress = new Progress(process.stderr, options.scenarios.length)
  const { roundCount, roundMs, processCount } = options
  const settings = { roundCount, roundMs, processCount, ...cores }
  const bench: Bench = { ...settings, warmUpMs, progress: (text) => progress.say(text) }
  const generator = await describeGenerator()
  console.log(`the load generator moves its bytes with ${generator}\n`)
  const scenarios: ScenarioResult[] = []
  for (const scenario of options.scenarios) {
    progress.begin(scenario.name)
    const results = await scenario.run(bench, rivals)
    progress.clear()
    scenarios.push(...results)
    // As soon as they are there: who waits for half an hour wants to see something.
    for (const result of results) {
      console.log(`${formatTable(scenarioTable(result, options.against))}\n`)
    }
  }
  const seconds = Math.round((performance.now() - startMs) / 1000)
  const report: Report = {
    suite: options.suiteName,
    against: options.against,
    environment,
    settings: { ...settings, generator },
    missing,
    scenarios,
    seconds,
  }
  console.log(
    `Median (lowest–highest) of ${roundCount} interleaved rounds of ${roundMs} ms; memory: of ` +
      `${processCount} fresh processes. A ratio below 1 is better than ${options.against}. Server on core 0, ` +
      `load on core 1. Took ${seconds} s.`,
  )
  save(report, options)
}

async function holdForMinutes(options: Options, settings: SoakSettings): Promise<void> {
  checkMachine()
  const { missing, rivals } = presentRivals(options)
  const progress = new Progress(process.stderr, rivals.length)
  progress.begin('soak')
  const stage = { ...cores, missing, generator: await describeGenerator() }
  const report = await runSoak(
    {
      ...stage,
      progress: (text) => progress.say(text),
      print(text) {
        progress.clear()
        console.log(text)
      },
    },
    rivals,
    settings,
  )
  const file = resultFile(report, options)
  if (file !== undefined) write(report, file)
  if (!hasPassed(report)) process.exitCode = 1
}

function save(report: Report, options: Options): void {
  const file = resultFile(report, options)
  if (file !== undefined) write(report, file)
  if (options.isWhole) tell(writePage(report))
}

/** The page that a suite is measured for. Returns what was written. */
function writePage(report: Report): string[] {
  if (report.suite === modelsSuiteName) return writeModels(report, root)
  if (report.suite === topicsSuiteName) return writeTopics(report, root)
  return writePerformance(report, root)
}

/** Where the option says; else only what is worth keeping is kept. */
function resultFile(report: Report | SoakReport, options: Options): string | undefined {
  const day = report.environment.date.slice(0, 10)
  const ownFile = options.isWhole ? `${root}bench/results/${day}-${report.suite}.json` : undefined
  return options.jsonFile ?? ownFile
}

function write(report: Report | SoakReport, file: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`)
  formatFile(root, file)
  tell([file])
}

/** @throws Error when none of the rivals can run on this machine */
function presentRivals(options: Options): {
  readonly missing: Readonly<Record<string, string>>
  readonly rivals: readonly Rival[]
} {
  const missing: Record<string, string> = {}
  for (const rival of options.rivals) {
    const reason = rival.whyNot()
    if (reason !== null) missing[rival.name] = reason
  }
  const rivals = options.rivals.filter(({ name }) => !(name in missing))
  if (rivals.length === 0) throw new Error('no rival can run on this machine')
  return { missing, rivals }
}

async function describeGenerator(): Promise<string> {
  await using generator = new GeneratorProcess(cores.generatorCores)
  const { engine } = await generator.tell('describe', {})
  return engine
}

function listText(options: Options): string {
  const scenarios = options.scenarios.map(({ name }) => `  ${name}`)
  const rivals = namesOf(options.suiteName).map((name) => `  ${name}`)
  return [`suite ${options.suiteName}:`, ...scenarios, 'rivals:', ...rivals].join('\n')
}

function namesOf(suiteName: string): readonly string[] {
  if (suiteName === modelsSuiteName) return modelNames
  return suiteName.startsWith(topicsSuiteName) ? topicRivalNames : rivalNames
}

function checkMachine(): void {
  if (process.platform !== 'linux') throw new Error('the bench reads /proc and so needs Linux')
  if (os.availableParallelism() < 2) throw new Error('the bench needs two cores: server and load')
  if (spawnSync('taskset', ['--version']).error !== undefined) {
    throw new Error('the bench needs taskset (Debian: apt-get install util-linux)')
  }
}

function tell(files: readonly string[]): void {
  for (const file of files) console.log(`wrote ${file}`)
}
