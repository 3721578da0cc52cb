// Which servers can be measured. A rival is a command that listens on 127.0.0.1 at the port it is given and speaks
// the scenarios' protocol, in its dialect. Finds out what this machine can run; starts no server but to probe.
import { dialects, type Dialect } from './dialect.ts'
import { benchFolder, firstLine, quote, runQuietly, versionOf, type Finding } from './finding.ts'
import { findBun, findGorilla, findTornado, findUwsJs } from './rival-finders.ts'

export interface Rival {
  readonly name: string
  readonly dialect: Dialect
  /** Whether it has the paths `/t/<name>`; each has the echo at `/`. */
  readonly hasTopics: boolean
  /** It takes no more connections than these. */
  readonly maxConnectionCount?: number
  /** A shell command; `{port}` stands for the port. Throws where the rival cannot run. */
  readonly command: string
  readonly version: string
  /** In one line why it cannot run on this machine and what to install; null when it can. May take a moment. */
  whyNot(): string | null
}

interface Definition {
  find(): Finding
  readonly dialect?: Dialect
  readonly hasTopics?: boolean
}

/** The rivals of the repository. */
const definitions: Readonly<Record<string, Definition>> = {
  'holdline-node': { find: () => holdline('node', 'lean') },
  'holdline-default-heap': { find: () => holdline('node', 'default') },
  'holdline-uring': { find: () => whyNoUring() ?? holdline('uring', 'lean') },
  ws: { find: findWs },
  'bare-net': {
    find: () => ({ command: nodeProgram('bare-net.ts'), version: `node ${process.versions.node}` }),
    hasTopics: false,
  },
  bun: { find: findBun },
  'socket-io': { find: findSocketIo, dialect: dialects['socket-io'] },
  'uws-js': { find: findUwsJs },
  gorilla: { find: findGorilla },
  tornado: { find: findTornado },
}

export const rivalNames: readonly string[] = Object.keys(definitions)

/** @throws RangeError for a name that is not in the repository. Whether it can run here is not asked yet. */
export function repositoryRival(name: string): Rival {
  const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined
  if (definition === undefined) {
    throw new RangeError(
      `there is no rival '${name}' in bench/rivals; plug it in with --rival '${name}=command {port}'`,
    )
  }
  return new RepositoryRival(name, definition)
}

/** Parses `name=command {port}`: a rival that speaks plainly. */
export function commandRival(text: string): Rival {
  const equals = text.indexOf('=')
  const name = text.slice(0, Math.max(equals, 0)).trim()
  const command = text.slice(equals + 1).trim()
  if (name === '' || !command.includes('{port}')) {
    throw new RangeError(`--rival takes 'name=command {port}', not '${text}'`)
  }
  return {
    name,
    command,
    version: 'given on the command line',
    dialect: dialects.plain,
    hasTopics: true,
    whyNot: () => null,
  }
}

class RepositoryRival implements Rival {
  readonly name: string
  readonly dialect: Dialect
  readonly hasTopics: boolean
  readonly #definition: Definition
  #found: Finding | undefined

  constructor(name: string, definition: Definition) {
    this.name = name
    this.dialect = definition.dialect ?? dialects.plain
    this.hasTopics = definition.hasTopics ?? true
    this.#definition = definition
  }

  get command(): string {
    const finding = this.#finding()
    if (typeof finding === 'string') throw new Error(`'${this.name}' cannot run here: ${finding}`)
    return finding.command
  }

  get version(): string {
    const finding = this.#finding()
    return typeof finding === 'string' ? 'not installed' : finding.version
  }

  whyNot(): string | null {
    const finding = this.#finding()
    return typeof finding === 'string' ? finding : null
  }

  #finding(): Finding {
    return (this.#found ??= this.#definition.find())
  }
}

function holdline(engine: string, heap: string): Finding {
  return {
    command: nodeProgram('holdline.ts', engine, heap),
    version: versionOf('holdline') ?? 'unknown',
  }
}

let uringReason: string | null | undefined

/** Starts a server on the engine and closes it again, once: only that tells whether the kernel lets it. */
export function whyNoUring(): string | null {
  return (uringReason ??= probeUring())
}

function probeUring(): string | null {
  const program =
    `import { serve } from 'holdline'\n` +
    `const server = await serve({ port: 0, host: '127.0.0.1', engine: 'uring', logger: null })\n` +
    `await server.close()\nprocess.exit()`
  const probe = runQuietly(process.execPath, [
    ...['--no-warnings', '-C', 'source', '--input-type=module', '-e', program],
  ])
  if (probe.ok) return null
  const reason = /^\w*Error.*$/m.exec(probe.errors)?.[0] ?? firstLine(probe.errors)
  return `the uring engine does not run here: ${reason}`
}

// `ws` stands in the repository's own node_modules too, for its tests; bufferutil only where rivals are installed.
function findWs(): Finding {
  const version = versionOf('ws')
  if (version === undefined) return 'ws is missing: npm install in bench/'
  return { command: nodeProgram('ws.ts'), version: version + withBufferutil() }
}

function findSocketIo(): Finding {
  const version = versionOf('socket.io')
  if (version === undefined) return 'socket.io is missing: npm install in bench/'
  return { command: nodeProgram('socket-io.ts'), version: version + withBufferutil() }
}

/** From 26.12 on Node masks by itself, and `ws` leaves bufferutil alone. */
function withBufferutil(): string {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const version = versionOf('bufferutil')
  if (version === undefined || major > 26 || (major === 26 && minor >= 12)) return ''
  return ` with bufferutil ${version}`
}

export function nodeProgram(file: string, ...options: readonly string[]): string {
  return [quote(process.execPath), '-C source', quote(`${benchFolder}rivals/${file}`), '{port}']
    .concat(options)
    .join(' ')
}
