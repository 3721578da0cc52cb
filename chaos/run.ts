// `npm run chaos`: faults on purpose against real processes, and the count of what was lost. Ends with 1 where anything
// was lost, shown twice or out of order, or where fewer faults were done than asked for.

import { Child } from './child.ts'
import { parseOptions } from './options.ts'
import { runKilling } from './scenario.ts'
import type { Outcome } from './scenario.ts'
import { runSlow } from './slow.ts'
import type { SlowOutcome } from './slow.ts'
import type { Verdict } from './checker.ts'

interface Row<Of extends Verdict> {
  readonly scenario: string
  readonly minFaults: number
  readonly outcome: Of
}
type Columns<Of> = readonly (readonly [head: string, value: (outcome: Of) => number])[]

const verdictColumns: Columns<Verdict> = [
  ['acknowledged', ({ acknowledged }) => acknowledged],
  ['shown', ({ shown }) => shown],
  ['lost', ({ lost }) => lost],
  ['missing, told', ({ told }) => told],
  ['twice', ({ duplicates }) => duplicates],
  ['out of order', ({ disorders }) => disorders],
  ['gaps told', ({ gaps }) => gaps],
]
const killingColumns: Columns<Outcome> = [
  ['faults', ({ faults }) => faults],
  ...verdictColumns,
  ['refused', ({ refused }) => refused],
  ['resumes', ({ resumes }) => resumes],
  ['resume p50 ms', ({ resumeP50Ms }) => Math.round(resumeP50Ms)],
  ['resume p99 ms', ({ resumeP99Ms }) => Math.round(resumeP99Ms)],
]
const MIB = 1_048_576
const slowColumns: Columns<SlowOutcome> = [
  ['slow', ({ slow }) => slow],
  ...verdictColumns,
  ['resumes', ({ resumes }) => resumes],
  ['p50 ms before', ({ baseP50Ms }) => baseP50Ms],
  ['meanwhile', ({ slowP50Ms }) => slowP50Ms],
  ['p99 ms before', ({ baseP99Ms }) => baseP99Ms],
  ['meanwhile', ({ slowP99Ms }) => slowP99Ms],
  ['resident MiB before', ({ baseBytes }) => Math.round(baseBytes / MIB)],
  ['meanwhile', ({ slowBytes }) => Math.round(slowBytes / MIB)],
  ['bound', ({ boundBytes }) => Math.round(boundBytes / MIB)],
]

function print<Of extends Verdict>(columns: Columns<Of>, rows: readonly Row<Of>[]): void {
  if (rows.length === 0) return
  console.log(`\n| scenario | ${columns.map(([head]) => head).join(' | ')} |`)
  console.log(`|---${'|---'.repeat(columns.length)}|`)
  for (const { scenario, outcome } of rows) {
    console.log(`| ${scenario} | ${columns.map(([, value]) => value(outcome)).join(' | ')} |`)
  }
}

function faultsOf({ lost, duplicates, disorders, idleTopics }: Verdict): string[] {
  const found: string[] = []
  if (lost > 0) found.push(`${lost} acknowledged publications were lost in silence`)
  if (duplicates > 0) found.push(`${duplicates} were shown twice`)
  if (disorders > 0) found.push(`${disorders} were shown out of order`)
  if (idleTopics > 0) found.push(`${idleTopics} topics had no publications or no subscribers`)
  return found
}

function killingFaults({ minFaults, outcome }: Row<Outcome>): string[] {
  const { faults, told } = outcome
  const found = faultsOf(outcome)
  if (faults < minFaults) found.push(`${faults} faults were done, ${minFaults} are asked for`)
  if (told > 0) found.push(`${told} acknowledged publications were lost and told`)
  return found
}

function slowFaults({ outcome }: Row<SlowOutcome>): string[] {
  const { slowBytes, boundBytes, gaps, resumes } = outcome
  const found = faultsOf(outcome)
  if (slowBytes > boundBytes) found.push(`the workers took more memory than is bound`)
  if (gaps + resumes === 0) found.push('no slow subscriber was told of a gap or came back')
  return found
}

const killing: Row<Outcome>[] = []
const slow: Row<SlowOutcome>[] = []
const runs = parseOptions(process.argv.slice(2))
console.log(`seed ${runs[0]!.seed}`)
for (const options of runs) {
  const { scenario, minFaults } = options
  const say = (line: string): void => console.log(line)
  if (scenario === 'slow') slow.push({ scenario, minFaults, outcome: await runSlow(options, say) })
  else killing.push({ scenario, minFaults, outcome: await runKilling(options, say) })
}
print(killingColumns, killing)
print(slowColumns, slow)
const failures = [
  ...killing.flatMap((row) => killingFaults(row).map((text) => `${row.scenario}: ${text}`)),
  ...slow.flatMap((row) => slowFaults(row).map((text) => `${row.scenario}: ${text}`)),
]
for (const failure of failures) console.error(failure)
Child.removeCache()
process.exitCode = failures.length === 0 ? 0 : 1
