// The conformance suite as an ordinary test, once per engine. A new engine adds its name to the list.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countLine, describeReport, problemsOf, targetNamed } from './run.ts'
import { runSuite } from './suite.ts'

const engines = ['node', 'uring']
const { ENGINE } = process.env

for (const engine of engines.filter((name) => ENGINE === undefined || ENGINE === name)) {
  test(`RFC 6455, RFC 7692 and hostile inputs over ws and wss, engine ${engine}`, async (t) => {
    const report = await runSuite({
      transports: ['ws', 'wss'],
      target: targetNamed('holdline', engine),
    })
    for (const line of describeReport(report)) t.diagnostic(line)
    console.log(countLine(report))
    assert.deepEqual(problemsOf(report), [])
    assert.deepEqual(report.notRun, [])
    const distinctCount = new Set(report.results.map(({ name }) => name)).size
    assert.ok(distinctCount >= 300, `only ${distinctCount} distinct cases`)
  })
}

test('ENGINE names an engine that exists', () => {
  assert.ok(ENGINE === undefined || engines.includes(ENGINE), `no engine named ${ENGINE}`)
})
