// On descriptors, through epoll: the WebSocket of the examples, and nothing of the core.
import { createLoop } from 'holdline/loop'
import { WebSocketLine } from '../../../examples/models/web-socket-line.ts'
import { makeTrouble } from './trouble.ts'

export async function start(port: number): Promise<void> {
  const loop = createLoop({ backend: 'epoll' })
  await loop.listen({ port, host: '127.0.0.1' }, (fd) => {
    new WebSocketLine(loop, fd, { message })
  })
}

function message(line: WebSocketLine, data: string | Uint8Array): void {
  if (line.path !== '/trouble') return line.send(data)
  const trouble = makeTrouble(data.toString())
  if (trouble === undefined) line.send(data)
  else void trouble.then(() => line.send('done'))
}
