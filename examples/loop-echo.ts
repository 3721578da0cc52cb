// A WebSocket echo written directly on descriptors: the loop says when, `holdline/protocol` says what.
//   node -C source examples/loop-echo.ts
import { AGAIN, createLoop, PERSIST, READ, WRITE } from 'holdline/loop'
import type { Backend, LoopEvent } from 'holdline/loop'
import {
  checkUpgradeRequest,
  closePayload,
  FrameParser,
  headerBytes,
  HoldlineError,
  Opcode,
  refusalResponse,
  upgradeResponse,
  writeHeader,
} from 'holdline/protocol'
import type { ErrorCode, MessageSink } from 'holdline/protocol'

const mostHeadBytes = 8_192
const mostMessageBytes = 1_048_576
/** Answers that wait for a reader; beyond that the line is not read until they have left. */
const mostUnsentBytes = 65_536
const silenceMs = 60_000

const backend = process.env['LOOP'] as Backend | undefined
const loop = createLoop(backend === undefined ? {} : { backend })
const parser = new FrameParser({ role: 'server', maxMessageBytes: mostMessageBytes })
/** All lines read into the same memory: what is in it is handled before the next line reads. */
const room = Buffer.allocUnsafeSlow(65_536)
/** And answer out of the same memory, unless the kernel takes no more. */
const answers = Buffer.allocUnsafeSlow(2 * mostMessageBytes)
let answerBytes = 0

/** A line, from its first byte to its last; also what the parser calls. */
class Line implements MessageSink {
  reading: MessageSink['reading'] = null
  halted = false
  readonly inflater = null
  head: Buffer | null = Buffer.alloc(0)
  unsent: Buffer | null = null
  isEnding = false

  onMessage(bytes: Uint8Array, start: number, end: number, isText: boolean): void {
    this.answer(isText ? Opcode.TEXT : Opcode.BINARY, bytes, start, end)
  }

  onPing(bytes: Uint8Array, start: number, end: number): void {
    this.answer(Opcode.PONG, bytes, start, end)
  }

  onPong(): void {}

  onClose(code: number): void {
    this.close(code === 1005 ? undefined : code)
  }

  onProtocolError(code: ErrorCode): void {
    this.close(new HoldlineError(code).closeCode)
  }

  close(code: number | undefined): void {
    const payload = closePayload(code)
    this.answer(Opcode.CLOSE, payload, 0, payload.length)
    this.halted = true
    this.isEnding = true
  }

  answer(opcode: Opcode, bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (answerBytes + headerBytes(length) + length > answers.length) flushInto(this)
    const at = writeHeader(answers, answerBytes, opcode, length)
    for (let i = 0; length < 64 && i < length; i++) answers[at + i] = bytes[start + i]!
    if (length >= 64) answers.set(bytes.subarray(start, end), at)
    answerBytes = at + length
  }
}

/** Keeps what was answered for later. */
function flushInto(line: Line): void {
  if (answerBytes === 0) return
  const added = answers.subarray(0, answerBytes)
  line.unsent = line.unsent === null ? Buffer.from(added) : Buffer.concat([line.unsent, added])
  answerBytes = 0
}

function onReady(event: LoopEvent<Line>, what: number): void {
  const line = event.data
  if ((what & (READ | WRITE)) === 0) {
    event.close() // silent for too long
    return
  }
  if ((what & WRITE) !== 0 && !send(event)) return
  if ((what & READ) === 0) return
  const count = event.read(room)
  if (count === AGAIN) return
  if (count <= 0) {
    event.close()
    return
  }
  if (line.head === null) parser.parse(line, room, 0, count)
  else if (!upgrade(event, count)) return
  send(event)
}

/** Sends what there is, and watches for what is to come next. False when the line is closed. */
function send(event: LoopEvent<Line>): boolean {
  const line = event.data
  if (line.unsent !== null) flushInto(line)
  const bytes = line.unsent ?? answers.subarray(0, answerBytes)
  const count = bytes.length === 0 ? 0 : event.write(bytes)
  answerBytes = 0
  if (count < 0 && count !== AGAIN) {
    event.close()
    return false
  }
  const sent = Math.max(0, count)
  // A copy: the answers of the next line will stand where these do.
  line.unsent = sent === bytes.length ? null : Buffer.from(bytes.subarray(sent))
  if (line.unsent === null && line.isEnding) {
    event.close()
    return false
  }
  const unsentBytes = line.unsent?.length ?? 0
  const reads = unsentBytes <= mostUnsentBytes && !line.isEnding ? READ : 0
  const wanted = reads | (unsentBytes > 0 ? WRITE : 0) | PERSIST
  if (event.flags !== wanted) event.update(wanted)
  return true
}

/** Reads the request, which may come in pieces. False when the line is closed or not upgraded yet. */
function upgrade(event: LoopEvent<Line>, count: number): boolean {
  const line = event.data
  const bytes = Buffer.concat([line.head!, room.subarray(0, count)])
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0 && bytes.length <= mostHeadBytes) {
    line.head = bytes
    return false
  }
  const head = end < 0 || end > mostHeadBytes ? null : readHead(bytes.toString('latin1', 0, end))
  const problem = head === null ? 'ERR_UPGRADE_MALFORMED' : checkUpgradeRequest(head)
  const key = head?.headers['sec-websocket-key']
  if (problem !== null || key === undefined) {
    event.write(Buffer.from(refusalResponse(undefined, problem ?? 'ERR_UPGRADE_MALFORMED')))
    event.close()
    return false
  }
  line.head = null
  line.unsent = Buffer.from(upgradeResponse({ key }), 'latin1')
  parser.parse(line, bytes, end + 4, bytes.length)
  return true
}

interface Head {
  readonly method: string
  readonly httpVersion: string
  readonly headers: Record<string, string>
}

function readHead(text: string): Head | null {
  const [first, ...lines] = text.split('\r\n')
  const request = /^([A-Z]+) \S+ HTTP\/(\d\.\d)$/.exec(first!)
  if (request === null) return null
  const headers = Object.create(null) as Record<string, string>
  for (const line of lines) {
    const parts = /^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*?)[ \t]*$/.exec(line)
    if (parts === null) return null
    const name = parts[1]!.toLowerCase()
    headers[name] = name in headers ? `${headers[name]}, ${parts[2]}` : parts[2]!
  }
  return { method: request[1]!, httpVersion: request[2]!, headers }
}

const listener = await loop.listen({ port: Number(process.env['PORT'] ?? 8080) }, (fd) => {
  loop.watch(fd, READ | PERSIST, onReady, new Line(), { timeoutMs: silenceMs })
})
loop.signal('SIGTERM', () => loop.shutDown())
console.log(`http://localhost:${listener.port}`)
