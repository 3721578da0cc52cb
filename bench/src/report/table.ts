// Lays out a table in plain text: first column to the left, the others to the right.

export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly notes: readonly string[]
}

export function formatTable(table: Table): string {
  const widths = table.columns.map((column, index) =>
    Math.max(column.length, ...table.rows.map((row) => (row[index] ?? '').length)),
  )
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, index) => {
        const cell = cells[index] ?? ''
        return index === 0 ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('   ')
      .trimEnd()
  const lines = [table.title, `  ${line(table.columns)}`]
  for (const row of table.rows) lines.push(`  ${line(row)}`)
  for (const note of table.notes) lines.push(`  ! ${note}`)
  return lines.join('\n')
}

/** 108432 → '108,432'. */
export function formatCount(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString('en-US') : '–'
}

export function formatDecimal(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '–'
}
