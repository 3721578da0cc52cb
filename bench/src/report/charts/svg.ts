// Writes SVG: elements as text, and the frame that all charts share. Colours follow the reader's light or dark theme.

export type Attributes = Readonly<Record<string, string | number | undefined>>

export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        ` ${key}="${escapeText(typeof value === 'number' ? short(value) : value!)}"`,
    )
    .join('')
  return children.length === 0
    ? `<${name}${written}/>`
    : `<${name}${written}>${children.join('')}</${name}>`
}

export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escapeText(content))
}

export function line(x1: number, y1: number, x2: number, y2: number, name: string): string {
  return element('line', { x1, y1, x2, y2, class: name })
}

export function escapeText(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** Two digits behind the point are a hundredth of a pixel. */
function short(value: number): string {
  return String(Math.round(value * 100) / 100)
}

export const chartWidth = 860

/** A whole file. `title` is also what a screen reader says. */
export function chart(title: string, subtitle: string, height: number, body: string[]): string {
  const frame = { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${chartWidth} ${height}` }
  return `${element(
    'svg',
    { ...frame, width: chartWidth, height, role: 'img' },
    `\n${element('title', {}, escapeText(title))}`,
    `\n${element('style', {}, style())}`,
    `\n${element('rect', { width: chartWidth, height, rx: 8, class: 'paper' })}`,
    `\n${text(20, 30, title, { class: 'title' })}`,
    `\n${text(20, 50, subtitle, { class: 'quiet' })}\n`,
    body.join('\n'),
    '\n',
  )}\n`
}

/** For each series a colour on paper that is light, and one on paper that is dark. */
const seriesColours: readonly (readonly [light: string, dark: string])[] = [
  ['#2563eb', '#60a5fa'],
  ['#0d9488', '#2dd4bf'],
  ['#ea580c', '#fb923c'],
  ['#9333ea', '#c084fc'],
  ['#4d7c0f', '#a3e635'],
  ['#db2777', '#f472b6'],
  ['#92400e', '#d6a06a'],
  ['#475569', '#94a3b8'],
  ['#b91c1c', '#f87171'],
  ['#0369a1', '#7dd3fc'],
]

export const seriesCount: number = seriesColours.length

function style(): string {
  const colours = (index: 0 | 1): string =>
    seriesColours.map((pair, series) => `--s${series}:${pair[index]}`).join(';')
  const light = `:root{--paper:#ffffff;--ink:#1f2328;--quiet:#59636e;--grid:#d8dee4;${colours(0)}}`
  const dark = `:root{--paper:#0d1117;--ink:#e6edf3;--quiet:#9198a1;--grid:#30363d;${colours(1)}}`
  const series = seriesColours
    .map(
      (_, index) =>
        `.f${index}{fill:var(--s${index})}.l${index}{stroke:var(--s${index});fill:none;stroke-width:2}`,
    )
    .join('')
  return (
    `${light}@media(prefers-color-scheme:dark){${dark}}` +
    `text{font:12px system-ui,-apple-system,'Segoe UI',sans-serif;fill:var(--ink)}` +
    `.paper{fill:var(--paper)}.title{font-size:16px;font-weight:600}.quiet{fill:var(--quiet)}` +
    `.grid{stroke:var(--grid)}.axis{stroke:var(--quiet)}.one{stroke:var(--ink);stroke-width:1.5}` +
    `.spread{stroke-opacity:.45;stroke-width:1.5}${series}`
  )
}
