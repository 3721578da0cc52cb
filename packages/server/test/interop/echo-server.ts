// The server that other people's clients talk to, and the engines that it runs on.
import { serve } from 'holdline'
import type { Server } from 'holdline'
import { callbacks } from 'holdline/callbacks'

const all = ['node', 'uring'] as const
export type InteropEngine = (typeof all)[number]

/** All engines, or those that ENGINE names. */
export const engines: readonly InteropEngine[] = selected(process.env['ENGINE'])

function selected(names: string | undefined): readonly InteropEngine[] {
  if (names === undefined || names === '') return all
  return names.split(',').map((name) => {
    const known = all.find((engine) => engine === name)
    if (known === undefined)
      throw new Error(`ENGINE names ${name}, which is none of ${all.join(', ')}`)
    return known
  })
}

export interface Heard {
  readonly closes: { readonly code: number; readonly reason: string }[]
  readonly extensions: string[]
}

export interface EchoServer extends AsyncDisposable {
  readonly server: Server
  /** `127.0.0.1:12345` */
  readonly host: string
  readonly heard: Heard
}

/**
 * `/echo` and `/deflate` send back what comes; `/chat` speaks the subprotocols chat.v2 and chat.v1;
 * a text `close 4001 why` is answered by closing; `ping` by a ping.
 */
export async function echoServer(engine: InteropEngine): Promise<EchoServer> {
  const heard: Heard = { closes: [], extensions: [] }
  const limits = { messageBytes: 16 * 1_048_576, bufferedBytes: 64 * 1_048_576 }
  const echo = callbacks({
    limits,
    open: (c) => void heard.extensions.push(c.request.headers['sec-websocket-extensions'] ?? ''),
    message: (c, data) => {
      const [word, code, reason] = typeof data === 'string' ? data.split(' ', 3) : []
      if (word === 'close') c.close(code === undefined ? undefined : Number(code), reason)
      else if (word === 'ping') c.ping(Buffer.from('are you there?'))
      else c.send(data)
    },
    close: (_, code, reason) => void heard.closes.push({ code, reason }),
  })
  const server = await serve({
    engine,
    host: '127.0.0.1',
    logger: null,
    http: (_, response) => {
      response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>A page</title>')
    },
    routes: {
      '/echo': echo,
      '/deflate': { ...echo, deflate: { thresholdBytes: 0 } },
      '/chat': { ...echo, subprotocols: ['chat.v2', 'chat.v1'] },
    },
  })
  return {
    server,
    host: `127.0.0.1:${server.port}`,
    heard,
    [Symbol.asyncDispose]: () => server.close({ graceMs: 1_000 }),
  }
}
