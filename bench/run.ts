// The command: reads options, goes through the suite, prints tables and writes JSON.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import os from 'node:os'
import { helpText, parseOptions, type Options } from './src/options.ts'
import { describeEnvironment, readEnvironment } from './src/report/environment.ts'
import { reportTables, type Report } from './src/report/report.ts'
import { formatTable } from './src/report/table.ts'
import type { Bench } from './src/scenarios/bench.ts'
import { echoName, runEcho } from './src/scenarios/echo.ts'
import { idleMemoryName, runIdleMemory } from './src/scenarios/idle-memory.ts'

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

try {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) console.log(helpText)
  else await run(options)
} catch (error) {
  showProgress('')
  console.error(`bench: ${(error as Error).message}`)
  process.exitCode = error instanceof RangeError || error instanceof TypeError ? 2 : 1
}

async function run(options: Options): Promise<void> {
  checkMachine()
  const { suite, rivals, roundCount, roundMs, processCount } = options
  const environment = readEnvironment(rivals)
  const startMs = performance.now()
  console.log(`${describeEnvironment(environment)}\n`)
  const bench: Bench = {
    serverCore: 0,
    generatorCore: 1,
    roundCount,
    roundMs,
    processCount,
    progress: showProgress,
  }
  const report = { suite: suite.name, environment, echo: [], idleMemory: [] } as {
    -readonly [Key in keyof Report]: Report[Key] extends readonly (infer Item)[]
      ? Item[]
      : Report[Key]
  }
  for (const scenario of suite.echo) {
    if (!echoName(scenario).includes(options.only)) continue
    report.echo.push({ scenario, results: await runEcho(bench, scenario, rivals) })
  }
  for (const scenario of suite.idleMemory) {
    if (!idleMemoryName(scenario).includes(options.only)) continue
    report.idleMemory.push({ scenario, results: await runIdleMemory(bench, scenario, rivals) })
  }
  showProgress('')
  for (const table of reportTables(report, options.against)) console.log(`${formatTable(table)}\n`)
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0)
  console.log(
    `Median (lowest–highest) of ${roundCount} interleaved rounds of ${roundMs} ms; memory: of ` +
      `${processCount} fresh processes. Server on core 0, load on core 1. Took ${seconds} s.`,
  )
  if (options.jsonFile !== undefined) {
    writeFileSync(options.jsonFile, `${JSON.stringify(report, undefined, 2)}\n`)
  }
}

function checkMachine(): void {
  if (process.platform !== 'linux') throw new Error('the bench reads /proc and so needs Linux')
  if (os.availableParallelism() < 2) throw new Error('the bench needs two cores: server and load')
  if (spawnSync('taskset', ['--version']).error !== undefined) {
    throw new Error('the bench needs taskset (Debian: apt-get install util-linux)')
  }
}

/** One line that rewrites itself on a terminal; elsewhere nothing. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}
