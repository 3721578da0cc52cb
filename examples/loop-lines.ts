// A line-based TCP server on the raw event loop: each line comes back in capitals, `quit` ends.
//   node -C source examples/loop-lines.ts   and   nc localhost 8080
import { bufferEvent, createLoop, Happened, READ } from 'holdline/loop'
import type { BufferEvent } from 'holdline/loop'

/** Reading stops when so much waits for a line's end: whoever sends more without one is shown the door. */
const mostLineBytes = 4_096
/** Answers that wait to leave; then nothing more is read from who does not take them. */
const mostOutputBytes = 65_536

const loop = createLoop()

function read(line: BufferEvent): void {
  while (line.output.length < mostOutputBytes) {
    const text = line.input.readLine()
    if (text === null) {
      if (line.input.length >= mostLineBytes) refuse(line)
      return
    }
    if (text === 'quit') {
      leave(line, 'bye\r\n')
      return
    }
    line.write(`${text.toUpperCase()}\r\n`)
  }
  line.disable(READ)
}

/** All has left: either it was the last, or there is room for more. */
function write(line: BufferEvent): void {
  if (line.isEnding) line.close()
  else if ((line.enabled & READ) === 0) {
    line.enable(READ)
    read(line)
  }
}

function refuse(line: BufferEvent): void {
  leave(line, 'that line is too long\r\n')
}

function leave(line: BufferEvent, text: string): void {
  line.disable(READ)
  line.write(text)
  line.end()
}

function event(line: BufferEvent, happened: Happened): void {
  if (happened === Happened.EOF && line.output.length > 0) line.end()
  else line.close()
}

const listener = await loop.listen({ port: Number(process.env['PORT'] ?? 8080) }, (fd) => {
  bufferEvent(
    loop,
    fd,
    { read, write, event },
    { readHighBytes: mostLineBytes, readTimeoutMs: 60_000 },
  )
})
loop.signal('SIGTERM', () => loop.shutDown())
console.log(`tcp://localhost:${listener.port}`)
