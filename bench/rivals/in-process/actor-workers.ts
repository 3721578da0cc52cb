// Messages from an actor system in one worker process to an actor that lives in another, the last of each batch asked,
// so that all have come. The workers are those of a server; this program talks to one of them over a WebSocket.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Play } from '../in-process.ts'

export async function prepare(): Promise<Play> {
  const server = fork(new URL('actor-workers-server.ts', import.meta.url))
  const [url] = (await once(server, 'message')) as [string]
  const line = new WebSocket(url.replace('http', 'ws'))
  await once(line, 'open')
  return async (count) => {
    line.send(String(count))
    const [answer] = (await Promise.race([once(line, 'message'), once(line, 'close')])) as [
      MessageEvent<string>,
    ]
    if (answer.data !== 'done') throw new Error(answer.data ?? 'the line was closed')
  }
}
