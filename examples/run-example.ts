// Starts an example as its reader would, on a free port, and talks to it. Knows no example.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'

const folder = fileURLToPath(new URL('./', import.meta.url))

/** Runs an example on a free port, gives its address to `use`, and ends it. */
export async function withExample(
  name: string,
  use: (url: string) => Promise<void>,
  environment: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<void> {
  const child = spawn(
    process.execPath,
    ['-C', 'source', '--disable-warning=ExperimentalWarning', `${folder}${name}.ts`],
    { env: { ...process.env, ...environment, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  // Whoever is not waited for any more must not stay behind.
  const kill = (): void => void child.kill('SIGKILL')
  signal?.addEventListener('abort', kill)
  let isReady = false
  try {
    for await (const line of createInterface(child.stdout)) {
      if (!line.startsWith('http://')) continue
      isReady = true
      await use(line.replace('http', 'ws'))
      break
    }
  } finally {
    signal?.removeEventListener('abort', kill)
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  if (!isReady) throw new Error(`the example ${name} ended before it gave its address`)
}

export async function open(url: string, headers: Record<string, string> = {}): Promise<WebSocket> {
  const line = new WebSocket(url, { headers })
  await once(line, 'open')
  return line
}

export async function next(line: WebSocket): Promise<string> {
  const [data] = (await once(line, 'message')) as [Buffer]
  return data.toString()
}
