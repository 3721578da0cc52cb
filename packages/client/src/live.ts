// The function a program calls for topics. Only types and the address are settled here; the LiveLine does the rest.

import { socketUrl } from './address.ts'
import { LiveLine } from './live-line.ts'
import type { LiveOptions } from './live-options.ts'
import type { PublishedTypes, ReceivedTypes, TopicSchemas } from './topic-words.ts'

/**
 * Opens a line for topics to `url` and keeps it open; the server's side is `line()` of `holdline/line`.
 *
 * ```ts
 * const line = live('wss://example.org/live', { token: () => fetchToken() })
 * const news = line.subscribe('news', { since: 'start' })
 * for await (const { data, gap } of news) show(data, gap)
 * ```
 * @throws SyntaxError if the address is not one a WebSocket can have.
 */
export function live<Schemas extends TopicSchemas>(
  url: string | URL,
  options: LiveOptions & { topics: Schemas },
): LiveLine<PublishedTypes<Schemas>, ReceivedTypes<Schemas>>
/** Messages have the types that you name for each topic; nothing is checked at run time. */
export function live<Topics extends object = Record<string, unknown>>(
  url: string | URL,
  options?: LiveOptions & { topics?: never },
): LiveLine<Topics, Topics>
export function live(url: string | URL, options: unknown = {}): unknown {
  return new LiveLine(socketUrl(url).href, options as LiveOptions)
}
