import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { modelsPage, writeModels } from '../../src/report/models.ts'
import type { Report } from '../../src/report/results.ts'
import { sampleReport } from './sample-report.ts'

const names = { behavior: '1', callbacks: '1', threads: '1' }
const few = ['with 16 connections, which is as many as it takes']
const result = (rival: string, round: Record<string, number>, notes: string[] = []) => ({
  ...{ rival, notes, rounds: [round] },
})
const scenario = { metrics: [], parameters: {}, notes: [] }

const report: Report = {
  ...sampleReport,
  suite: 'models',
  against: 'behavior',
  environment: { ...sampleReport.environment, rivals: names },
  scenarios: [
    {
      ...{ ...scenario, kind: 'echo', name: 'echo', parameters: { connectionCount: 1000 } },
      results: [
        result('behavior', { cpuUs: 4 }),
        result('callbacks', { cpuUs: 5 }),
        result('threads', { cpuUs: 99 }, few),
      ],
    },
    {
      ...{ ...scenario, kind: 'idle-memory', name: 'idle', parameters: { connectionCount: 5000 } },
      results: [
        result('behavior', { rssBytes: 400, kernelBytes: 8000, baselineMib: 1024 }),
        result('callbacks', { rssBytes: 600, kernelBytes: 8000, baselineMib: 1024 }),
      ],
    },
    {
      ...{ ...scenario, kind: 'crash', name: 'crash' },
      metrics: [
        { key: 'lostCount', label: 'others lost', digits: 0 },
        { key: 'againMs', label: 'again', digits: 1 },
      ],
      results: [
        result('behavior', { lostCount: 0, otherCount: 15, againMs: 2.25 }),
        result('callbacks', { lostCount: 15, otherCount: 15, againMs: Number.NaN }),
      ],
    },
    {
      ...{ ...scenario, kind: 'in-process', name: 'in-process' },
      results: [result('a tell', { perSecond: 7_500_000 })],
    },
  ],
}

function part(name: string): string {
  const page = modelsPage(
    report,
    `before\n<!-- measured: ${name} -->\nold\n<!-- /measured -->\nafter\n`,
  )
  assert.match(page, /^before\n<!-- measured: \w+ -->\n/)
  assert.match(page, /<!-- \/measured -->\nafter\n$/)
  assert.doesNotMatch(page, /old/)
  return page
}

test('cost is held against the bare contract; who had fewer connections is not', () => {
  const cost = part('cost')
  assert.match(cost, /\| callbacks \| 5\.00 \(5\.00–5\.00\) \| 1\.25 /)
  assert.match(cost, /\| threads \| – \| – \|/)
  assert.match(cost, /threads: with 16 connections/)
})

test('how many connections 24 GiB hold is computed from both kinds of bytes, and said to be', () => {
  const memory = part('memory')
  // 23 GiB / (600 + 4000) = 5,368,709
  assert.match(memory, /\| callbacks \| 600 \| 200 \| 4,000 \| 5,300,000 \|/)
  assert.match(memory, /computed, not measured/)
})

test('what a crash leaves: how many of how many, and never', () => {
  const crash = part('crash')
  assert.match(crash, /\| bare `Behavior` \| 0 of 15 \| 2\.\d \|/)
  assert.match(crash, /\| callbacks \| 15 of 15 \| never \|/)
  assert.match(crash, /\| threads \| failed \| failed \|/)
})

test('libraries are told in millions', () => {
  assert.match(part('libraries'), /\| a tell \| 7\.5 \(7\.5–7\.5\) \|/)
})

test('a mark that is not known is left as it is', () => {
  const page = '<!-- measured: nosuch -->\nkept\n<!-- /measured -->\n'
  assert.equal(modelsPage(report, page), page)
})

test('the page of the guide is written in its place; what is prose stays, and a second run changes nothing', () => {
  const page = fileURLToPath(new URL('../../../docs/guide/models.md', import.meta.url))
  const prose = (text: string): string =>
    text.replaceAll(/(<!-- measured: \w+ -->)[\s\S]*?(<!-- \/measured -->)/g, '$1$2')
  const root = `${mkdtempSync(join(tmpdir(), 'bench-'))}/`
  try {
    mkdirSync(`${root}docs/guide`, { recursive: true })
    writeFileSync(`${root}docs/guide/models.md`, readFileSync(page))
    const [file] = writeModels(report, root)
    const once = readFileSync(file, 'utf8')
    assert.equal(prose(once), prose(readFileSync(page, 'utf8')))
    assert.match(once, /\| a tell \|/)
    assert.doesNotMatch(once, /<!-- measured: \w+ -->\n+<!-- \/measured -->/)
    writeModels(report, root)
    assert.equal(readFileSync(file, 'utf8'), once)
  } finally {
    rmSync(root, { recursive: true })
  }
})
