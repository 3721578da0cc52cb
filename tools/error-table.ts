// Makes docs/guide/errors.md from the catalogue of refusals. Run without arguments to check that the page is
// current, with --write to write it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ErrorEntry } from '../packages/server/src/protocol/errors.ts'
import { errorCatalogue } from '../packages/server/src/protocol/errors.ts'

const page = join(dirname(import.meta.dirname), 'docs', 'guide', 'errors.md')

const opening = `# Errors

Every refusal has a code. Programs find it in \`error.code\` of a \`HoldlineError\`; a client sees the close code
(RFC 6455 §7.4) when the refusal ends its connection, and the HTTP status when it answers a request.

This page is made from the catalogue in \`packages/server/src/protocol/error-entries\` by \`npm run docs:errors\`.
`

/** The page for a catalogue. */
export function errorPage(catalogue: Readonly<Record<string, ErrorEntry>>): string {
  const sections = Object.entries(catalogue).map(([code, entry]) => {
    const facts = [
      entry.closeCode === undefined ? [] : [`closes with ${entry.closeCode}`],
      entry.status === undefined ? [] : [`answers with HTTP ${entry.status}`],
    ].flat()
    const seen = facts.length === 0 ? '' : ` (${facts.join(', ')})`
    return `## ${code}\n\n${escaped(entry.message)}${seen}.\n\n**What to do:** ${escaped(entry.fix)}.\n`
  })
  return [opening, ...sections].join('\n')
}

/** Text as it stands in the catalogue, with what Markdown would read as markup escaped. */
function escaped(text: string): string {
  return text.replace(/[\\*_<>[\]`]/g, '\\$&')
}

export function isCurrent(): boolean {
  return existsSync(page) && readFileSync(page, 'utf8') === errorPage(errorCatalogue)
}

if (import.meta.main) {
  if (process.argv.includes('--write')) writeFileSync(page, errorPage(errorCatalogue))
  else if (!isCurrent()) {
    console.error('docs/guide/errors.md is not current: run npm run docs:errors')
    process.exitCode = 1
  }
}
