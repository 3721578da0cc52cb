// Carries out the steps of one case on one connection and says, in octets, what differed.

import { setTimeout as sleep } from 'node:timers/promises'
import { inflateRawSync, constants } from 'node:zlib'
import { bytesOf, concat, Opcode, toHex, type ServerFrame } from './frame-codec.ts'
import type { RawConnection, Endpoint } from './raw-connection.ts'
import type { HeaderExpectation, MessageExpectation, Step } from './script.ts'

export class Mismatch extends Error {
  readonly expected: string
  readonly seen: string

  constructor(expected: string, seen: string) {
    super(`expected ${expected}; saw ${seen}`)
    this.expected = expected
    this.seen = seen
  }
}

/** What the steps of one connection have to remember. */
interface PlayState {
  readonly endpoint: Endpoint
  readonly connection: RawConnection
  deflate: boolean
  /** The last 32 KiB the server has deflated, when it takes its context over; undefined when not. */
  window: Uint8Array | undefined
  /** What the server said its own window is. */
  windowBits: number
}

/** What was agreed with a connection outlives the steps that agreed it. */
const states = new WeakMap<RawConnection, PlayState>()

export async function play(
  endpoint: Endpoint,
  connection: RawConnection,
  steps: readonly Step[],
): Promise<void> {
  const state: PlayState = states.get(connection) ?? {
    endpoint,
    connection,
    deflate: false,
    window: undefined,
    windowBits: 15,
  }
  states.set(connection, state)
  for (const step of steps) await playStep(state, step)
}

async function playStep(state: PlayState, step: Step): Promise<void> {
  const { connection } = state
  switch (step.do) {
    case 'send': {
      const octets = typeof step.octets === 'function' ? step.octets(state.endpoint) : step.octets
      return connection.write(octets, step.chunk, step.gapMs)
    }
    case 'message':
      return expectMessage(state, step.expected, step.withinMs)
    case 'pong': {
      const frame = await nextFrame(state, 8_000, `a pong ${toHex(bytesOf(step.payload))}`)
      if (frame.opcode !== Opcode.pong || !same(frame.payload, bytesOf(step.payload))) {
        throw new Mismatch(`a pong ${toHex(bytesOf(step.payload))}`, show(frame))
      }
      return
    }
    case 'pongs':
      return expectPongs(state, step.payloads)
    case 'close':
      return expectClose(state, step)
    case 'end': {
      const ended = await connection.until(() => connection.ended, step.withinMs)
      if (!ended)
        throw new Mismatch(`the end of TCP within ${step.withinMs} ms`, connection.describe())
      if (connection.unreadByteCount > 0) {
        throw new Mismatch('nothing more before the end of TCP', connection.describe())
      }
      return
    }
    case 'over': {
      const over = await connection.until(() => connection.ended, step.withinMs)
      if (!over)
        throw new Mismatch(`the end of TCP within ${step.withinMs} ms`, connection.describe())
      return
    }
    case 'gone':
      return expectGone(connection, step.withinMs)
    case 'status':
      return expectStatus(state, step)
    case 'quiet': {
      await connection.until(() => connection.ended || connection.unreadByteCount > 0, step.forMs)
      if (connection.ended || connection.unreadByteCount > 0) {
        throw new Mismatch(`nothing for ${step.forMs} ms`, connection.describe())
      }
      return
    }
    case 'wait':
      await sleep(step.ms)
      return
    case 'finish':
      return connection.finish()
    case 'reset':
      return connection.reset()
  }
}

async function nextFrame(
  { connection }: PlayState,
  withinMs: number,
  expected: string,
): Promise<ServerFrame> {
  const frame = await connection.readFrame(withinMs)
  if (frame === undefined) {
    throw new Mismatch(expected, `none within ${withinMs} ms (${connection.describe()})`)
  }
  return frame
}

async function expectMessage(
  state: PlayState,
  expected: MessageExpectation,
  withinMs: number,
): Promise<void> {
  const { payload: given } = expected
  const payload = bytesOf(typeof given === 'function' ? given() : given)
  const wanted = `a ${expected.type} message ${toHex(payload)}`
  const parts: Uint8Array[] = []
  let compressed = false
  for (let first = true; ; first = false) {
    const frame = await nextFrame(state, withinMs, wanted)
    const opcode = first ? Opcode[expected.type] : Opcode.continuation
    if (frame.opcode !== opcode) throw new Mismatch(wanted, show(frame))
    if (first) compressed = frame.rsv1
    else if (frame.rsv1) throw new Mismatch('RSV1 on first fragments only', show(frame))
    parts.push(frame.payload)
    if (frame.fin) break
  }
  if (compressed && !state.deflate) throw new Mismatch(wanted, 'RSV1 without permessage-deflate')
  if (expected.compressed !== undefined && expected.compressed !== compressed) {
    throw new Mismatch(`${wanted}, compressed: ${expected.compressed}`, `compressed: ${compressed}`)
  }
  const raw = concat(...parts)
  const received = compressed ? inflate(state, raw) : raw
  if (!same(received, payload)) {
    throw new Mismatch(wanted, `a ${expected.type} message ${toHex(received)}`)
  }
}

/** RFC 7692 §7.2.2; a taken-over window is given to zlib as a dictionary. */
function inflate(state: PlayState, raw: Uint8Array): Uint8Array {
  const dictionary = state.window
  const out = inflateRawSync(concat(raw, Uint8Array.of(0, 0, 0xff, 0xff)), {
    finishFlush: constants.Z_SYNC_FLUSH,
    windowBits: state.windowBits,
    // zlib looks as far back as its output buffer reaches; a small one makes it keep to the window.
    ...(state.windowBits < 15 ? { chunkSize: 64 } : {}),
    ...(dictionary === undefined || dictionary.length === 0 ? {} : { dictionary }),
  })
  if (dictionary !== undefined)
    state.window = concat(dictionary, out).slice(-(1 << state.windowBits))
  return out
}

async function expectPongs(state: PlayState, payloads: readonly string[]): Promise<void> {
  const last = payloads.at(-1)
  let at = 0
  for (;;) {
    const frame = await nextFrame(state, 8_000, `pongs up to ${last}`)
    const got = Buffer.from(frame.payload).toString()
    const found = frame.opcode === Opcode.pong ? payloads.indexOf(got, at) : -1
    if (found < 0) throw new Mismatch(`pongs in order, up to ${last}`, show(frame))
    if (got === last) return
    at = found + 1
  }
}

async function expectClose(state: PlayState, step: Step & { do: 'close' }): Promise<void> {
  const names = step.codes.map((code) => code ?? 'no code').join(' or ')
  const wanted = `a close frame with ${names}`
  const frame = await nextFrame(state, step.withinMs, wanted)
  if (frame.opcode !== Opcode.close) throw new Mismatch(wanted, show(frame))
  const { payload } = frame
  if (payload.length === 1) throw new Mismatch(wanted, 'a close frame with one octet')
  const code = payload.length === 0 ? undefined : ((payload[0] ?? 0) << 8) | (payload[1] ?? 0)
  if (!step.codes.includes(code)) throw new Mismatch(wanted, `code ${code} (${show(frame)})`)
  const reason = payload.subarray(2)
  // Server reasons are text too (RFC 6455 §5.5.1); this throws where they are not.
  new TextDecoder('utf-8', { fatal: true }).decode(reason)
  if (step.reason !== undefined && !same(reason, bytesOf(step.reason))) {
    throw new Mismatch(`the reason ${toHex(bytesOf(step.reason))}`, toHex(reason))
  }
}

/** Only a reset tells that the other side holds no half-closed socket any more. */
async function expectGone(connection: RawConnection, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!connection.gone && performance.now() < deadline) {
    connection.push(Uint8Array.of(0))
    await connection.until(() => connection.gone, 25)
  }
  if (!connection.gone) {
    throw new Mismatch(`the connection gone within ${withinMs} ms`, connection.describe())
  }
}

async function expectStatus(state: PlayState, step: Step & { do: 'status' }): Promise<void> {
  const { connection } = state
  const wanted = `HTTP status ${step.statuses.join(' or ')}`
  const head = await connection.readHead(step.withinMs)
  if (head === undefined) throw new Mismatch(wanted, `no response (${connection.describe()})`)
  const [statusLine = '', ...lines] = head.split('\r\n')
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1])
  if (!step.statuses.includes(status)) throw new Mismatch(wanted, head.replaceAll('\r\n', ' | '))
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value)
  }
  for (const [name, expected] of Object.entries(step.headers)) {
    const value = headers.get(name)
    if (!headerMatches(value, expected)) {
      throw new Mismatch(`${name}: ${String(expected)}`, `${name}: ${value} (status ${status})`)
    }
  }
  const agreed = headers.get('sec-websocket-extensions')
  state.deflate = agreed !== undefined
  state.window = agreed?.includes('server_no_context_takeover') ? undefined : new Uint8Array()
  state.windowBits = Number(/server_max_window_bits="?(\d+)/.exec(agreed ?? '')?.[1] ?? 15)
  if (status !== 101) await readBody(state, headers, step.body)
}

async function readBody(
  { connection }: PlayState,
  headers: ReadonlyMap<string, string>,
  expected: string | undefined,
): Promise<void> {
  const length = headers.get('content-length')
  const complete = () =>
    connection.ended || (length !== undefined && connection.unreadByteCount >= Number(length))
  if (headers.get('transfer-encoding') === undefined) await connection.until(complete, 8_000)
  else await connection.until(() => connection.ended, 4_000)
  const body = connection.takeRest().toString('latin1')
  if (/HTTP\/1\.\d \d{3} /.test(body)) throw new Mismatch('one response only', body.slice(0, 200))
  if (expected !== undefined && body !== expected) throw new Mismatch(expected, body.slice(0, 200))
}

function headerMatches(value: string | undefined, expected: HeaderExpectation): boolean {
  if (expected === null) return value === undefined
  if (typeof expected === 'function') return expected(value)
  if (value === undefined) return false
  return typeof expected === 'string' ? value === expected : expected.test(value)
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function show(frame: ServerFrame): string {
  const name = Object.entries(Opcode).find(([, code]) => code === frame.opcode)?.[0]
  return `a ${name} frame (fin ${frame.fin}, rsv1 ${frame.rsv1}) ${toHex(frame.payload)}`
}
