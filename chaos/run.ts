// `npm run chaos`: faults on purpose against real processes, and the count of what was lost. Ends with 1 where anything
// was lost, shown twice or out of order, or where fewer faults were done than asked for.

import { parseOptions } from './options.ts'
import { runScenario } from './scenario.ts'
import type { Outcome } from './scenario.ts'

const columns: readonly (readonly [head: string, value: (outcome: Outcome) => string | number])[] =
  [
    ['scenario', ({ scenario }) => scenario],
    ['faults', ({ faults }) => faults],
    ['acknowledged', ({ acknowledged }) => acknowledged],
    ['shown', ({ shown }) => shown],
    ['lost', ({ lost }) => lost],
    ['missing, told', ({ told }) => told],
    ['twice', ({ duplicates }) => duplicates],
    ['out of order', ({ disorders }) => disorders],
    ['gaps told', ({ gaps }) => gaps],
    ['refused', ({ refused }) => refused],
    ['resumes', ({ resumes }) => resumes],
    ['resume p50 ms', ({ resumeP50Ms }) => Math.round(resumeP50Ms)],
    ['resume p99 ms', ({ resumeP99Ms }) => Math.round(resumeP99Ms)],
  ]

function fails(outcome: Outcome): string[] {
  const { scenario, faults, minFaults, lost, told, duplicates, disorders, idleTopics } = outcome
  const found: string[] = []
  if (faults < minFaults) found.push(`${faults} faults were done, ${minFaults} are asked for`)
  if (lost > 0) found.push(`${lost} acknowledged publications were lost in silence`)
  if (told > 0) found.push(`${told} acknowledged publications were lost and told`)
  if (duplicates > 0) found.push(`${duplicates} were shown twice`)
  if (disorders > 0) found.push(`${disorders} were shown out of order`)
  if (idleTopics > 0) found.push(`${idleTopics} topics had no publications or no subscribers`)
  return found.map((text) => `${scenario}: ${text}`)
}

const options = parseOptions(process.argv.slice(2))
console.log(`seed ${options.seed}`)
const outcomes: Outcome[] = []
for (const scenario of options.scenarios) {
  outcomes.push(await runScenario(scenario, options, (line) => console.log(line)))
}
console.log(`\n| ${columns.map(([head]) => head).join(' | ')} |`)
console.log(`|${columns.map(() => '---').join('|')}|`)
for (const outcome of outcomes) {
  console.log(`| ${columns.map(([, value]) => value(outcome)).join(' | ')} |`)
}
const failures = outcomes.flatMap(fails)
for (const failure of failures) console.error(failure)
process.exitCode = failures.length === 0 ? 0 : 1
