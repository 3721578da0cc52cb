import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chart, element, text } from '../../../src/report/charts/svg.ts'
import { legend, legendHeight, seriesOf } from '../../../src/report/charts/series.ts'

test('text and attributes are escaped, and attributes without a value left out', () => {
  assert.equal(
    element('a', { title: '"<&>"', x: 1.23456, y: undefined }),
    '<a title="&quot;&lt;&amp;&gt;&quot;" x="1.23"/>',
  )
  assert.match(text(0, 0, 'a < b'), />a &lt; b</)
})

test('a chart is a file of its own with a title for those who listen', () => {
  const svg = chart('A & B', 'below', 100, [])
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
  assert.match(svg, /<title>A &amp; B<\/title>/)
})

test('a rival looks the same in every chart, whoever else is there', () => {
  assert.equal(seriesOf('bun', ['bun']), seriesOf('bun', ['ws', 'bun']))
  assert.notEqual(seriesOf('bun', []), seriesOf('ws', []))
})

test('a legend takes as many lines as it needs', () => {
  assert.equal(legendHeight(6), 20)
  assert.equal(legendHeight(7), 40)
  assert.equal(legend(['a', 'b'], ['a', 'b'], 0).length, 4)
})
