import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Report } from '../../src/report/results.ts'
import { topicsPage, writeTopics } from '../../src/report/topics.ts'
import { sampleReport } from './sample-report.ts'

const lower = (key: string) => ({ key, label: key, digits: 1, better: 'lower' as const })
const higher = (key: string) => ({ ...lower(key), better: 'higher' as const })
const result = (rival: string, ...rounds: Record<string, number>[]) => ({
  ...{ rival, rounds, notes: [] },
})

const report: Report = {
  ...sampleReport,
  suite: 'topics',
  against: 'bare',
  environment: { ...sampleReport.environment, rivals: { bare: '1.2.3', history: '1.2.3' } },
  scenarios: [
    {
      ...{ kind: 'fan-out', name: 'fan-out', notes: [] },
      parameters: { subscribersPerTopic: 1000, inFlight: 16, payloadBytes: 1024 },
      metrics: [lower('cpuUs'), higher('perSecond')],
      results: [
        result('bare', { cpuUs: 2, perSecond: 400_000 }, { cpuUs: 4, perSecond: 200_000 }),
        result('history', { cpuUs: 2.2, perSecond: 200_000 }, { cpuUs: 4.4, perSecond: 100_000 }),
        result('line-json', { cpuUs: 3, perSecond: 400_000 }, { cpuUs: 6, perSecond: 200_000 }),
      ],
    },
    {
      ...{ kind: 'acknowledgement', name: 'acknowledged', notes: ['nats-server v2'] },
      parameters: {},
      metrics: [lower('p50Us'), lower('p99Us')],
      results: [
        result('memory', { p50Us: 0.5, p99Us: 2 }),
        result('JetStream', { p50Us: 100, p99Us: 900 }),
        { ...result('nats', { p50Us: 120, p99Us: 950 }), against: 'JetStream' },
        { ...result('redis'), failure: 'redis-server is missing' },
      ],
    },
    {
      ...{ kind: 'between-workers', name: 'workers', notes: [] },
      parameters: {},
      metrics: [higher('perSecond')],
      results: [
        result(
          'with history',
          { perSecond: 200_000, count: 1000, lostCount: 0, disorderCount: 0 },
          { perSecond: 300_000, count: 1500, lostCount: 2, disorderCount: 1 },
        ),
      ],
    },
    {
      ...{ kind: 'resume-storm', name: 'storm', notes: [] },
      parameters: {},
      metrics: [lower('elapsedMs')],
      results: [result('line-json', { elapsedMs: 800 })],
    },
  ],
}

function part(name: string): string {
  return topicsPage(report, `<!-- measured: ${name} -->\nold\n<!-- /measured -->\n`)
}

test('a bare delivery, and how many times that the others cost, by CPU and by the clock', () => {
  assert.match(
    part('cpu'),
    /\| 1,000 subscribers, 1 KiB, 16 at once \| 3\.00 \(2\.00–4\.00\) \| 1\.10× \(1\.10×–1\.10×\) \| 1\.50× .*\| – \|/,
  )
  assert.match(part('wall'), /\| 3\.75 \(2\.50–5\.00\) \| 2\.00× \(2\.00×–2\.00×\) \| 1\.00× /)
})

test('a broker stands beside its own server; one that failed says why', () => {
  const table = part('acknowledgement')
  assert.match(table, /\| memory \| 0\.5 \(0\.5–0\.5\) \| 2\.0 \(2\.0–2\.0\) \| +\|/)
  assert.match(table, /\| nats \|.*\| 1\.20× \(1\.20×–1\.20×\) \|/)
  assert.match(table, /\n- nats is held against “JetStream”$/m)
  assert.match(table, /\| redis \| failed \|/)
  assert.match(table, /- redis failed in "acknowledged": redis-server is missing/)
  assert.match(table, /- nats-server v2/)
})

test('what was lost is added up over all rounds', () => {
  assert.match(
    part('workers'),
    /\| with history \| 250,000 \(200,000–300,000\) \| 2,500 \| 2 \| 1 \|/,
  )
})

test('a storm: how long until all have all', () => {
  assert.match(part('storm'), /\| on `holdline\.v1` \| 800\.0 \(800\.0–800\.0\) \|/)
})

test('the machine is told with one version', () => {
  assert.match(part('machine'), /holdline 1\.2\.3\./)
})

test('the page of the guide is written in its place; prose stays, and a second run changes nothing', () => {
  const page = fileURLToPath(new URL('../../../docs/guide/delivery.md', import.meta.url))
  const prose = (text: string): string =>
    text.replaceAll(/(<!-- measured: \w+ -->)[\s\S]*?(<!-- \/measured -->)/g, '$1$2')
  const root = `${mkdtempSync(join(tmpdir(), 'bench-'))}/`
  try {
    mkdirSync(`${root}docs/guide`, { recursive: true })
    writeFileSync(`${root}docs/guide/delivery.md`, readFileSync(page))
    const [file] = writeTopics(report, root)
    const once = readFileSync(file, 'utf8')
    assert.equal(prose(once), prose(readFileSync(page, 'utf8')))
    assert.doesNotMatch(once, /<!-- measured: \w+ -->\n+<!-- \/measured -->/)
    writeTopics(report, root)
    assert.equal(readFileSync(file, 'utf8'), once)
  } finally {
    rmSync(root, { recursive: true })
  }
})
