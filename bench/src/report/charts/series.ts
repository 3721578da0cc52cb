// How a rival looks in every chart: a colour and a shape of its own, so that the colour alone need not tell.
import type { Report } from '../results.ts'
import { chartWidth, element, seriesCount, text } from './svg.ts'

/** Rivals of the repository keep their place, whichever of them ran. */
const known = [
  ...['holdline-uring', 'holdline-node', 'ws', 'bun', 'uws-js'],
  ...['socket-io', 'gorilla', 'tornado', 'bare-net', 'holdline-default-heap'],
]

export function rivalsOf(report: Report): string[] {
  const all = new Set(report.scenarios.flatMap(({ results }) => results.map(({ rival }) => rival)))
  return [
    ...known.filter((rival) => all.has(rival)),
    ...[...all].filter((rival) => !known.includes(rival)),
  ]
}

export function seriesOf(rival: string, rivals: readonly string[]): number {
  const index = known.indexOf(rival)
  return (index >= 0 ? index : known.length + rivals.indexOf(rival)) % seriesCount
}

/** Around the origin, 8 pixels wide. */
const shapes = [
  'M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z',
  'M-4 -4h8v8h-8z',
  'M0 -5.5l5 9h-10z',
  'M0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z',
  'M0 5.5l5 -9h-10z',
  'M-1.5 -5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z',
]

export function marker(x: number, y: number, series: number, title: string): string {
  const d = shapes[series % shapes.length]!
  const place = `translate(${x.toFixed(1)} ${y.toFixed(1)})`
  return element('path', { d, transform: place, class: `f${series}` }, element('title', {}, title))
}

const legendStep = 130

/** How many pixels the legend takes. */
export function legendHeight(count: number): number {
  return Math.ceil(count / legendColumns()) * 20
}

export function legend(rivals: readonly string[], all: readonly string[], y: number): string[] {
  return rivals.flatMap((rival, index) => {
    const x = 26 + (index % legendColumns()) * legendStep
    const row = y + Math.floor(index / legendColumns()) * 20
    return [marker(x, row, seriesOf(rival, all), rival), text(x + 11, row + 4, rival)]
  })
}

function legendColumns(): number {
  return Math.floor((chartWidth - 40) / legendStep)
}
