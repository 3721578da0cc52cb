// What each runtime does against a server, for runtimes.test.ts: publishes and reads over lines that are lost, and tells
// what it saw. Node and Bun print it; a page puts it where the test looks.

import { live } from 'holdline-client'
import { msgpack } from 'holdline-client/msgpack'

export interface Outcome {
  readonly runtime: string
  readonly read: readonly unknown[]
  readonly offsets: readonly (number | null | undefined)[]
  readonly reconnects: number
}

async function run(url: string, encoding: typeof msgpack | undefined): Promise<Outcome> {
  let opens = 0
  const line = live(url, {
    backoff: { baseMs: 5, capMs: 50 },
    onState: (state) => (opens += state === 'open' ? 1 : 0),
    ...(encoding && { encoding }),
  })
  const topic = `news.${encoding ? 'msgpack' : 'json'}`
  const news = line.subscribe(topic, { since: 'start' })
  await news.ready
  const publishing: Promise<{ offset: number } | null>[] = []
  for (let n = 0; n < 50; n += 1) {
    publishing.push(line.publish(topic, n % 10 === 9 ? Uint8Array.of(n) : { n }))
    // The server ends the line at some of them.
    if (n % 10 === 5) await publishing.at(-1)
  }
  const cursors = await Promise.all(publishing)
  const read: unknown[] = []
  for await (const { data } of news) {
    read.push(data instanceof Uint8Array ? [...data] : (data as { n: number }).n)
    if (read.length === 50) break
  }
  line.close()
  await line.closed
  const runtime = 'Bun' in globalThis ? 'bun' : typeof document === 'undefined' ? 'node' : 'browser'
  return { runtime, read, offsets: cursors.map((cursor) => cursor?.offset), reconnects: opens - 1 }
}

export async function runBoth(url: string): Promise<Outcome[]> {
  return [await run(url, undefined), await run(url, msgpack)]
}

const { process } = globalThis as { process?: { argv: string[] } }
if (typeof document !== 'undefined') {
  Object.assign(globalThis, { outcome: runBoth(new URL('/live', location.href).href) })
} else if (process?.argv[2]?.startsWith('ws:')) {
  console.log(JSON.stringify(await runBoth(process.argv[2])))
}
