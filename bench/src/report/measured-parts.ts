// Figures that stand between marks on a page of the guide, and the notes under their tables. What stands around them is
// prose, written by hand.
import { readFileSync, writeFileSync } from 'node:fs'
import { formatFile } from './format-file.ts'
import { machineText } from './markdown.ts'
import type { Report, ScenarioResult } from './results.ts'

/** The page with what stands between `<!-- measured: name -->` and `<!-- /measured -->` made anew. */
export function withMeasuredParts(page: string, parts: Readonly<Record<string, string>>): string {
  return page.replace(
    /(<!-- measured: (\w+) -->\n)[\s\S]*?(<!-- \/measured -->)/g,
    (all, begin: string, name: string, end: string) => {
      const part = Object.hasOwn(parts, name) ? parts[name] : undefined
      return part === undefined ? all : `${begin}\n${part}\n\n${end}`
    },
  )
}

/** Makes the page anew, in its file. */
export function rewritePage(root: string, file: string, renew: (page: string) => string): void {
  writeFileSync(file, renew(readFileSync(file, 'utf8')))
  formatFile(root, file)
}

/** The machine and how it was measured, where all rivals are of one package. */
export function oneVersionMachineText(report: Report): string {
  const { environment } = report
  const holdline = environment.rivals[report.against] ?? 'unknown'
  return machineText({ ...report, environment: { ...environment, rivals: { holdline } } })
}

/** The table, and what a reader has to know of its figures. */
export function withNotes(table: string, scenarios: readonly ScenarioResult[]): string {
  const notes = new Set(scenarios.flatMap((scenario) => scenario.notes))
  for (const { name, results } of scenarios) {
    for (const { rival, failure, notes: own } of results) {
      for (const note of own) notes.add(`${rival}: ${note}`)
      if (failure !== undefined) notes.add(`${rival} failed in "${name}": ${failure}`)
    }
  }
  const lines = [...notes].map((note) => `- ${note.replaceAll('\n', ' ')}`)
  return [table, ...(lines.length === 0 ? [] : ['', ...lines])].join('\n')
}
