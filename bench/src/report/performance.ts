// Makes docs/performance.md and its charts from a file of results. What does not come from figures is prose in
// performance.template.md.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { growthChart } from './charts/growth-chart.ts'
import { latencyChart } from './charts/latency-chart.ts'
import { memoryChart } from './charts/memory-chart.ts'
import { ratioChart } from './charts/ratio-chart.ts'
import { rivalsOf } from './charts/series.ts'
import { formatFile } from './format-file.ts'
import { figureTables, lossText, machineText } from './markdown.ts'
import type { Report, ScenarioResult } from './results.ts'

const templateFile = fileURLToPath(new URL('performance.template.md', import.meta.url))

export interface PerformancePage {
  readonly markdown: string
  /** By file name. */
  readonly charts: ReadonlyMap<string, string>
}

/** Writes the page, its charts, and takes away charts that it no longer has. Returns the files. */
export function writePerformance(report: Report, root: string): string[] {
  const folder = `${root}docs/performance/`
  const { markdown, charts } = performancePage(report, readFileSync(templateFile, 'utf8'))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const page = `${root}docs/performance.md`
  writeFileSync(page, markdown)
  for (const [name, content] of charts) writeFileSync(folder + name, content)
  formatFile(root, page)
  return [page, ...[...charts.keys()].map((name) => folder + name)]
}

export function performancePage(report: Report, template: string): PerformancePage {
  const charts = new Map<string, string>()
  const rivals = rivalsOf(report)
  const subjects = ['holdline-uring', 'holdline-node'].filter((name) => rivals.includes(name))
  const picture = (file: string, words: string, content: string | undefined): string[] => {
    if (content === undefined) return []
    charts.set(file, content)
    return [`![${words}](performance/${file})`]
  }
  const scenarios = report.scenarios.filter(({ skipped }) => skipped === undefined)
  const ofKind = (kind: string): ScenarioResult[] => scenarios.filter((each) => each.kind === kind)

  const ratios = subjects.flatMap((subject) => [
    ...picture(
      `ratios-echo-${subject}.svg`,
      `CPU per echo of ${subject} beside each rival`,
      ratioChart({
        title: `Echo, CPU per message: ${subject} beside others`,
        subject,
        rivals,
        scenarios: ofKind('echo'),
      }),
    ),
    ...picture(
      `ratios-other-${subject}.svg`,
      `Publications, handshakes, latency and memory of ${subject} beside each rival`,
      ratioChart({
        ...{ title: `Everything else: ${subject} beside others`, subject, rivals },
        scenarios: scenarios.filter(({ kind }) => kind !== 'echo' && kind !== 'two-processes'),
      }),
    ),
  ])
  const growth = growthCharts(ofKind('echo'), rivals).flatMap(({ file, words, content }) =>
    picture(file, words, content),
  )
  const latencyTitle = 'Latency of an echo at a fixed rate'
  const latency = picture(
    'latency.svg',
    latencyTitle,
    latencyChart(latencyTitle, ofKind('latency'), rivals),
  )
  const memory = ofKind('idle-memory').flatMap((scenario, index) =>
    picture(
      `memory${index === 0 ? '' : index + 1}.svg`,
      'Resident bytes per idle connection',
      memoryChart(scenario, rivals),
    ),
  )
  const parts: Readonly<Record<string, string>> = {
    machine: machineText(report),
    ratios: ratios.join('\n\n'),
    growth: growth.join('\n\n'),
    latency: latency.join('\n\n'),
    memory: memory.join('\n\n'),
    losses: lossText(report, rivals),
    tables: figureTables(report, rivals),
  }
  const filled = template.replace(/<!-- (\w+) -->/g, (mark, name: string) => parts[name] ?? mark)
  return { markdown: filled.replace(/\n{3,}/g, '\n\n'), charts }
}

/** For each payload that was echoed at several numbers of connections, binary, one message under way on each. */
function growthCharts(echoes: readonly ScenarioResult[], rivals: readonly string[]) {
  const plain = echoes.filter(
    ({ parameters }) => parameters['kind'] === 'binary' && parameters['window'] === 1,
  )
  const sizes = [...new Set(plain.map(({ parameters }) => Number(parameters['payloadBytes'])))]
  return sizes.slice(0, 1).flatMap((payloadBytes) => {
    const scenarios = plain.filter(({ parameters }) => parameters['payloadBytes'] === payloadBytes)
    const shared = { rivals, scenarios }
    const shape = `Echo, ${payloadBytes} B binary, one message under way on each connection.`
    return [
      {
        file: 'growth-cpu.svg',
        words: 'CPU per message as the number of connections grows',
        content: growthChart({
          ...{ ...shared, metricKey: 'cpuUs', title: 'CPU per message by connections' },
          subtitle: `${shape} Less is better.`,
        }),
      },
      {
        file: 'growth-rate.svg',
        words: 'Messages a second as the number of connections grows',
        content: growthChart({
          ...{ ...shared, metricKey: 'perSecond', title: 'Messages a second by connections' },
          subtitle: `${shape} More is better.`,
        }),
      },
    ]
  })
}
