// The one function a program calls. Only types and the address are settled here; the Client does the rest.

import { socketUrl } from './address.ts'
import { Client } from './client.ts'
import type { Bytes, InputOf, MessageTypes, OutputOf, Schema } from './contract.ts'
import type { ClientOptions } from './options.ts'

/**
 * Opens a line to `url` and keeps it open. `url` may be relative to the page, and `http(s)` is read as `ws(s)`.
 *
 * ```ts
 * const client = connect('wss://example.org/chat', { contract: Chat })
 * client.send({ text: 'hello' })
 * for await (const message of client) show(message)
 * ```
 * @throws SyntaxError if the address is not one a WebSocket can have.
 */
export function connect<Takes extends Schema, Gives extends Schema>(
  url: string | URL,
  options: ClientOptions<OutputOf<Gives>> & { contract: { in: Takes; out: Gives } },
): Client<InputOf<Takes>, OutputOf<Gives>>
/** Messages are JSON of the types that you name; nothing is checked at run time. */
export function connect<Messages extends MessageTypes>(
  url: string | URL,
  options: ClientOptions<Messages['out']> & { format: 'json' },
): Client<Messages['in'], Messages['out']>
/** Messages are text and bytes as they are. */
export function connect(
  url: string | URL,
  options?: ClientOptions<string | Bytes> & { format?: 'plain'; contract?: never },
): Client<string | Bytes, string | Bytes>
export function connect(url: string | URL, options: unknown = {}): unknown {
  return new Client(socketUrl(url).href, options as ClientOptions)
}
