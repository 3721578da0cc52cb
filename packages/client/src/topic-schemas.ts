// Which schema a topic has. Knows names and patterns, not messages.

import type { Schema } from './contract.ts'
import type { TopicSchemas } from './topic-words.ts'

/** The schema of the name itself, else of the first pattern that it fits. */
export function schemaOf(schemas: TopicSchemas | undefined, topic: string): Schema | undefined {
  if (!schemas) return undefined
  if (Object.hasOwn(schemas, topic)) return schemas[topic]
  const parts = topic.split('.')
  for (const pattern of Object.keys(schemas))
    if (fits(pattern.split('.'), parts)) return schemas[pattern]
  return undefined
}

function fits(pattern: readonly string[], parts: readonly string[]): boolean {
  const isOpen = pattern.at(-1) === '**'
  return (
    (isOpen ? parts.length >= pattern.length : parts.length === pattern.length) &&
    pattern.every((part, at) => part === '*' || part === parts[at] || (isOpen && part === '**'))
  )
}
