import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { performancePage, writePerformance } from '../../src/report/performance.ts'
import { sampleReport } from './sample-report.ts'

test('every mark of the template is filled, and every chart of the page is there', () => {
  const root = `${mkdtempSync(join(tmpdir(), 'bench-'))}/`
  try {
    mkdirSync(`${root}docs/performance`, { recursive: true })
    writeFileSync(`${root}docs/performance/old.svg`, '')
    const files = writePerformance(sampleReport, root)
    const page = readFileSync(files[0], 'utf8')
    assert.doesNotMatch(page, /<!--/)
    const shown = [...page.matchAll(/\]\((performance\/[^)]*)\)/g)].map(([, file]) => file)
    assert.ok(shown.length >= 6, shown.join())
    for (const file of shown) assert.ok(existsSync(`${root}docs/${file}`), file)
    assert.equal(files.length, shown.length + 1)
    assert.ok(!existsSync(`${root}docs/performance/old.svg`))
  } finally {
    rmSync(root, { recursive: true })
  }
})

test('what was not measured has no chart', () => {
  const template = '<!-- memory -->|<!-- latency -->|<!-- prose -->'
  const { markdown, charts } = performancePage({ ...sampleReport, scenarios: [] }, template)
  assert.equal(markdown, '||<!-- prose -->')
  assert.equal(charts.size, 0)
})
