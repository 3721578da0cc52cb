// What the words after `holdline` mean, and what is said when they mean nothing. Starts nothing.

import { parseArgs } from 'node:util'
import { HoldlineError } from 'holdline'

/** What the gateway is started with. */
export interface GatewayOptions {
  /** 0 lets the system choose. */
  readonly port: number
  /** undefined: all addresses. */
  readonly host: string | undefined
  readonly processes: number | 'cores'
  readonly engine: 'auto' | 'node' | 'uring'
}

/** What the command was asked to do. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'serve'; readonly options: GatewayOptions }

export const helpText: string = `holdline: keeps a line open to every client

Usage: holdline [options]

Serves a chat, to try it on, and an echo:
  /         the chat page            /echo     WebSocket, sends back what it gets
  /chat     WebSocket of the chat    /healthz  200 while it serves, 503 while it drains

Options:
  --port <number>       port to listen on, 0 for any free one (default: 8080, or PORT)
  --host <address>      address to listen on (default: all addresses)
  --processes <number>  worker processes, or "cores" for one per CPU core (default: 1)
  --engine <name>       auto, node, or uring (Linux) (default: auto)
  --help                print this and exit
  --version             print the version and exit

Environment:
  PORT                  port to listen on, where --port is not given
  HOLDLINE_ENGINE       engine, where --engine is not given or auto

SIGTERM and SIGINT close all lines in good order and exit.
`

const engines = ['auto', 'node', 'uring'] as const

/** More workers than this are a slip of the keys. */
const mostProcesses = 1024

const known = {
  port: { type: 'string' },
  host: { type: 'string' },
  processes: { type: 'string' },
  engine: { type: 'string' },
  help: { type: 'boolean' },
  version: { type: 'boolean' },
} as const

/**
 * Reads the arguments (without the program's name) and the environment.
 * @throws HoldlineError (ERR_ARGUMENT_UNKNOWN, ERR_ARGUMENT_INVALID); the message is one line.
 */
export function parseCommandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Command {
  // Not strict: the words of parseArgs' own errors fill several lines and have no code of ours.
  const { values, tokens } = parseArgs({
    args: [...args],
    options: known,
    strict: false,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind === 'positional') throw unknown(token.value)
    if (token.kind !== 'option') continue
    const option = Object.hasOwn(known, token.name) ? known[token.name as keyof typeof known] : null
    if (!option) throw unknown(token.rawName)
    if (option.type === 'string' && !token.value) throw invalid(token.rawName, 'needs a value')
    if (option.type === 'boolean' && token.value !== undefined) {
      throw invalid(token.rawName, 'takes no value')
    }
  }
  const given = values as { [name in keyof typeof known]?: string }
  if (given.help) return { kind: 'help' }
  if (given.version) return { kind: 'version' }
  return {
    kind: 'serve',
    options: {
      port:
        given.port === undefined
          ? portFrom('PORT', environment['PORT'] || '8080')
          : portFrom('--port', given.port),
      host: given.host,
      processes: processesFrom(given.processes ?? '1'),
      engine: engineFrom(given.engine ?? 'auto'),
    },
  }
}

function portFrom(name: string, value: string): number {
  const port = wholeNumber(value)
  if (port > 65_535) throw invalid(name, `is "${value}", not a whole number from 0 to 65535`)
  return port
}

function processesFrom(value: string): number | 'cores' {
  if (value === 'cores') return value
  const count = wholeNumber(value)
  if (count >= 1 && count <= mostProcesses) return count
  throw invalid(
    '--processes',
    `is "${value}", neither a whole number from 1 to ${mostProcesses} nor "cores"`,
  )
}

function engineFrom(value: string): GatewayOptions['engine'] {
  const engine = engines.find((name) => name === value)
  if (engine) return engine
  throw invalid('--engine', `is "${value}", not one of ${engines.join(', ')}`)
}

/** NaN-free: what is no plain whole number is Infinity, which no range allows. */
function wholeNumber(value: string): number {
  return /^\d{1,9}$/.test(value) ? Number(value) : Infinity
}

function unknown(word: string): HoldlineError {
  return new HoldlineError('ERR_ARGUMENT_UNKNOWN', printable(word))
}

function invalid(name: string, problem: string): HoldlineError {
  return new HoldlineError('ERR_ARGUMENT_INVALID', printable(`${name} ${problem}`))
}

/** One line, whatever was typed. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?').slice(0, 200)
}
