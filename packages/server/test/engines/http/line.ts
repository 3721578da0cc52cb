// A client's end of a line for tests: bytes out as they are told, everything that comes kept. And what lines need:
// a certificate made for this run, folders that go away.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { connect as connectTls } from 'node:tls'
import type { ListenAddress } from '../../../src/connection/engine.ts'

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdline-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

let certificate: { key: string; cert: string } | undefined

/** A key and its own signature, made by openssl once per file. */
export function selfSigned(): { key: string; cert: string } {
  if (certificate !== undefined) return certificate
  const folder = temporaryFolder()
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const files = ['-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost']
  execFileSync('openssl', ['req', '-x509', ...curve, ...files], { stdio: 'ignore' })
  certificate = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  return certificate
}

export class Line {
  readonly socket: Socket
  /** How much came since `forget`. */
  byteCount = 0
  #pieces: Buffer[] = []
  hasEnded = false
  isClosed = false
  #changed: (() => void)[] = []

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes: Buffer) => {
      this.#pieces.push(bytes)
      this.byteCount += bytes.length
      this.#tell()
    })
    socket.on('end', () => {
      this.hasEnded = true
      this.#tell()
    })
    socket.on('close', () => {
      this.isClosed = true
      this.#tell()
    })
    socket.on('error', () => {})
  }

  get text(): string {
    return Buffer.concat(this.#pieces).toString('latin1')
  }

  /** What came until now is not told again. */
  forget(): void {
    this.#pieces = []
    this.byteCount = 0
  }

  write(bytes: string | Uint8Array): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
    return this
  }

  /** Waits until the text that came contains something. */
  async until(part: string): Promise<string> {
    while (!this.text.includes(part)) {
      if (this.hasEnded || this.isClosed) throw new Error(`The line ended after: ${this.text}`)
      await this.#change()
    }
    return this.text
  }

  /** Waits for the other side to end, and tells all that came. */
  async ended(): Promise<string> {
    while (!this.hasEnded && !this.isClosed) await this.#change()
    return this.text
  }

  async closed(): Promise<string> {
    while (!this.isClosed) await this.#change()
    return this.text
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve))
  }

  #tell(): void {
    const waiting = this.#changed
    this.#changed = []
    for (const resolve of waiting) resolve()
  }
}

/** Connects. The line is half open: it ends when it is told to. */
export async function dial(address: ListenAddress, localAddress?: string): Promise<Line> {
  const place =
    'path' in address
      ? { path: address.path }
      : { port: address.port, host: address.host, ...(localAddress && { localAddress }) }
  const socket = connect({ ...place, allowHalfOpen: true, noDelay: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject)
  })
  return new Line(socket)
}

/** Begins TLS on a connected socket that has sent what it had to send before. */
export async function encrypt(socket: Socket): Promise<Line> {
  const encrypted = connectTls({ socket, rejectUnauthorized: false })
  await new Promise<void>((resolve, reject) => {
    encrypted.once('secureConnect', resolve).once('error', reject).once('close', reject)
  })
  return new Line(encrypted)
}

export function upgrade(headers: Readonly<Record<string, string>> = {}, path = '/'): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return (
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n' +
    `${lines.join('')}\r\n`
  )
}

/** Waits for what no event tells. */
export async function eventually(what: string, isSo: () => boolean): Promise<void> {
  const since = performance.now()
  while (!isSo()) {
    if (performance.now() - since > 8_000) throw new Error(`Waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
