import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rivalsOf } from '../../src/report/charts/series.ts'
import { figureTables, lossText, machineText, markdownTable } from '../../src/report/markdown.ts'
import { sampleReport } from './sample-report.ts'

const rivals = rivalsOf(sampleReport)

test('figures have a section per kind and a table per figure', () => {
  const text = figureTables(sampleReport, rivals)
  assert.match(
    text,
    /^### Echo\n\n\| CPU µs\/message \| holdline-uring \| holdline-node \| ws \| bun \|/,
  )
  assert.match(text, /\| echo, 1000 connections, 20 B binary \| 4\.00 \(3\.60–4\.40\) \|/)
  assert.match(text, /### Idle memory/)
})

test('a failure, a skipped point and a bottleneck are said', () => {
  const text = figureTables(sampleReport, rivals)
  assert.match(text, /\| failed \|/)
  assert.match(text, /bun failed in "idle memory, .*": exit code 1/)
  assert.match(text, /\(skipped: 3,750 MiB would be in flight at once\)/)
  assert.match(text, /200,000 \([^)]*\) † \|/)
  assert.match(text, /^- † the load generator was the bottleneck$/m)
  // CPU per message does not depend on who set the pace.
  assert.doesNotMatch(text, /5\.00 \([^)]*\) †/)
})

test('losses have a table for each Holdline', () => {
  const text = lossText(sampleReport, rivals)
  assert.match(
    text,
    /\*\*holdline-uring\*\*[^*]*\| latency, at 60 % of what each can do: p99Us \| 3\.00 \|/,
  )
  assert.match(text, /\*\*holdline-node\*\*[^*]*20 B binary: CPU µs\/message \| 1\.60 \|/)
  assert.match(text, /20 B binary: messages\/s \| 1\.60 † \|/)
})

test('a Holdline that is behind nobody says so', () => {
  const scenarios = sampleReport.scenarios.filter(({ kind }) => kind === 'idle-memory')
  const text = lossText({ ...sampleReport, scenarios }, ['holdline-uring', 'ws'])
  assert.match(text, /\*\*holdline-uring\*\* is behind no rival/)
})

test('the machine, the versions and who is missing are named', () => {
  const text = machineText(sampleReport)
  for (const part of ['2 cores', '8 GiB', 'Linux 6.18', 'commit abc', 'ws 8.23.0', 'io_uring']) {
    assert.ok(text.includes(part), part)
  }
  assert.match(text, /Not on this machine: gorilla \(Go is missing\)/)
})

test('a bar in a cell does not end it', () => {
  assert.equal(markdownTable(['a'], [['x|y']]), '| a |\n| --- |\n| x\\|y |')
})
