// All samples of all pages compile, as strictly as the repository itself: one run of the compiler, a test for each page.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { guidePages, root, temporaryFolder } from './guide-page.ts'

/** Pages whose samples are no programs, and why. */
const excused: Readonly<Record<string, string>> = {
  'models.md': 'pieces of examples/models, word for word, which are compiled there',
  'processes.md': 'pieces of a program that the page does not show whole',
}

const pages = guidePages().filter(({ name, quotes }) => quotes.length > 0 && !(name in excused))

const folder = temporaryFolder()
const files = pages.flatMap((page) => [...page.writeModules(join(folder, page.name)).values()])
writeFileSync(
  join(folder, 'tsconfig.json'),
  JSON.stringify({ extends: join(root, 'tsconfig.json'), include: [], files }),
)

/** What the compiler says, an entry for each complaint. */
let complaints: string[] = []

before(async () => {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  complaints = await new Promise((resolve) => {
    execFile(process.execPath, [tsc, '-p', folder], { cwd: folder }, (error, said, failed) => {
      const all = said.split(/\n(?=\S)/).filter((complaint) => complaint !== '')
      // It may also fail without a complaint.
      resolve(error !== null && all.length === 0 ? [`${error.message}\n${failed}`] : all)
    })
  })
})

for (const { name } of pages) {
  test(`the samples of ${name} compile`, () => {
    const own = complaints.filter((complaint) => complaint.startsWith(`${name}/`))
    assert.deepEqual(own, [])
  })
}

test('the compiler complains of nothing else', () => {
  const isOfPage = (complaint: string): boolean =>
    pages.some(({ name }) => complaint.startsWith(`${name}/`))
  assert.deepEqual(
    complaints.filter((complaint) => !isOfPage(complaint)),
    [],
  )
})
