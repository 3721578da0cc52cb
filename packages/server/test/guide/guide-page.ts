// A page of the guide as tests see it: its samples, its sections, the codes it names. Owns how a sample becomes a
// module; runs none, and knows no page.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'

export const root: string = join(import.meta.dirname, '..', '..', '..', '..')
export const guide: string = join(root, 'docs', 'guide')

/** What a module made of a sample exports, of what the sample declares. */
const exported = /^const (server|http|loop|listener) =/gm

/** All pages there are. */
export function guidePages(): GuidePage[] {
  const names = readdirSync(guide).filter((name) => name.endsWith('.md'))
  return names.toSorted().map((name) => new GuidePage(name))
}

/** A folder below the repository, so that what is in it resolves the packages; gone when the tests are over. */
export function temporaryFolder(): string {
  mkdirSync(join(root, '.artifacts'), { recursive: true })
  const folder = mkdtempSync(join(root, '.artifacts', 'guide-'))
  after(() => rmSync(folder, { recursive: true }))
  return folder
}

export class GuidePage {
  readonly name: string
  readonly text: string
  /** Its samples, each with the word behind `ts`. */
  readonly quotes: readonly { readonly name: string; readonly code: string }[]

  constructor(name: string) {
    this.name = name
    this.text = readFileSync(join(guide, name), 'utf8')
    this.quotes = [...this.text.matchAll(/^```ts(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
      ([, word = '', code = '']) => ({ name: word, code }),
    )
  }

  /** Its samples by names of their own, as a page of programs has them. */
  get samples(): ReadonlyMap<string, string> {
    const samples = new Map<string, string>()
    for (const { name, code } of this.quotes) {
      assert.ok(name !== '', `a sample of ${this.name} has no name`)
      assert.ok(!samples.has(name), `${this.name} has two samples ${name}`)
      samples.set(name, code)
    }
    return samples
  }

  /** What stands below a heading, up to the next one. */
  section(heading: string): string {
    const [, below] = this.text.split(`\n## ${heading}`)
    assert.ok(below !== undefined, `${this.name} has no section ${heading}`)
    return below.split('\n## ')[0]!
  }

  /** Every code that stands anywhere on it, once. */
  get codes(): string[] {
    return [...new Set(this.text.match(/\bERR_\w+/g))]
  }

  /** The codes that its tables explain: those in the first cells of their rows. */
  get explainedCodes(): string[] {
    const cells = [...this.text.matchAll(/^\|([^|\n]*)\|/gm)].map(([, cell]) => cell!)
    return cells.flatMap((cell) => cell.match(/\bERR_\w+/g) ?? [])
  }

  /** Writes each sample as a module of its own, which listens on a free port; gives the files by name. */
  writeModules(folder: string): Map<string, string> {
    mkdirSync(folder, { recursive: true })
    const files = new Map<string, string>()
    for (const [name, code] of this.samples) {
      const onFreePort = code.replace('port: 8080', 'port: 0').replace('listen(8080)', 'listen(0)')
      assert.doesNotMatch(onFreePort, /8080/, `${name} listens where others may`)
      const words = [...code.matchAll(exported)].map(([, word]) => word)
      const file = join(folder, `${name}.ts`)
      writeFileSync(file, `${onFreePort}\nexport { ${words.join(', ')} }\n`)
      files.set(name, file)
    }
    return files
  }
}
