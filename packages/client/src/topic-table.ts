// What belongs to a topic by its name: the entry of the name itself, else of a pattern that it fits.

/** By name, else by the first pattern in the table that the name fits. */
export function entryOf<Entry>(
  table: ReadonlyMap<string, Entry>,
  topic: string,
): Entry | undefined {
  const own = table.get(topic)
  if (own !== undefined) return own
  for (const [pattern, entry] of table) if (fits(pattern, topic)) return entry
  return undefined
}

/** `*` is one part of a name, a last `**` one or more. */
function fits(pattern: string, topic: string): boolean {
  const escaped = pattern.replace(/[^\w*]/g, '\\$&')
  const source = escaped.replace(/\*\*$/, '.+').replace(/\*/g, '[^.]+')
  return pattern.includes('*') && new RegExp(`^${source}$`).test(topic)
}
