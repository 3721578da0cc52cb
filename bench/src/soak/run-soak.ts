// The command `--soak`: soaks one rival after the other, prints a table for each, and gives back what JSON keeps.
import { describeEnvironment, readEnvironment } from '../report/environment.ts'
import { formatTable } from '../report/table.ts'
import type { Rival } from '../process/rivals.ts'
import { soakTable, type SoakReport, type SoakResult } from './soak-report.ts'
import { soak, type SoakSettings } from './soak.ts'
import { judge } from './verdict.ts'

export interface SoakStage {
  readonly serverCores: string
  readonly generatorCores: string
  readonly generator: string
  readonly missing: Readonly<Record<string, string>>
  print(text: string): void
  /** Each sample, for those who watch. */
  progress(text: string): void
}

export async function runSoak(
  stage: SoakStage,
  rivals: readonly Rival[],
  settings: SoakSettings,
): Promise<SoakReport> {
  const startMs = performance.now()
  const { print, progress, missing, ...cores } = stage
  const environment = readEnvironment(rivals)
  print(describeEnvironment(environment))
  for (const [name, reason] of Object.entries(missing)) print(`without ${name}: ${reason}`)
  const results: SoakResult[] = []
  for (const rival of rivals) {
    const run = await soak({ ...cores, progress }, rival, settings)
    const result = { rival: rival.name, ...run, verdict: judge(run, settings.maxGrowthBytes) }
    results.push(result)
    print(`\n${formatTable(soakTable(result))}`)
  }
  const seconds = Math.round((performance.now() - startMs) / 1000)
  return {
    suite: 'soak',
    environment,
    settings: { ...settings, ...cores },
    missing,
    results,
    seconds,
  }
}

export function hasPassed(report: SoakReport): boolean {
  return report.results.every(({ verdict }) => verdict.faults.length === 0)
}
