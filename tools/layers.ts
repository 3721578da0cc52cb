// The layers of the house as data: who may import whom, and what of Node. The check resolves every import of the
// packages against it; ARCHITECTURE.md prints it. Run without arguments to check, with --write to print it there.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { builtinModules } from 'node:module'
import { importsOf } from './imports.ts'

export interface Layer {
  /** Its folder, counted from packages/. A trailing `/*` makes each folder in it a layer of its own. */
  readonly folder: string
  /** How the table calls it. */
  readonly name: string
  /** Layers it may import, by name; a name that ends in `/*` stands for all of its folders. */
  readonly layers: readonly string[]
  /** Modules of Node it may import (`fs` allows `fs/promises`), or anything. */
  readonly node: readonly string[] | 'any'
  /** Modules of Node it may import the types of, beyond `node`. */
  readonly nodeTypes?: readonly string[]
  /** npm packages it may import by their exports. */
  readonly packages?: readonly string[]
  /** What the table adds in words. */
  readonly note?: string
}

const server = (folder: string): string => `server/src/${folder}`

export const layers: readonly Layer[] = [
  {
    name: 'protocol',
    folder: server('protocol'),
    layers: [],
    node: ['buffer', 'crypto', 'zlib'],
    note: 'computes only, no I/O',
  },
  {
    name: 'connection',
    folder: server('connection'),
    layers: ['protocol'],
    node: [],
    nodeTypes: ['http', 'https', 'net', 'tls'],
    packages: ['@standard-schema/spec'],
    note: 'the clock is injected',
  },
  {
    name: 'native',
    folder: server('native'),
    layers: [],
    node: ['ffi', 'worker_threads'],
    note: 'the one door to `node:ffi`',
  },
  {
    name: 'engines/memory',
    folder: server('engines/memory'),
    layers: ['protocol', 'connection'],
    node: [],
    note: 'no sockets, an injected clock',
  },
  {
    name: 'engines/http',
    folder: server('engines/http'),
    layers: ['protocol', 'connection'],
    node: ['net', 'tls', 'http', 'https', 'fs', 'timers'],
    note: 'the HTTP side that the engines on sockets share',
  },
  {
    name: 'engines/*',
    folder: server('engines/*'),
    layers: ['protocol', 'connection', 'native', 'engines/http'],
    node: [
      'net',
      'tls',
      'http',
      'https',
      'zlib',
      'fs',
      'ffi',
      'timers',
      'perf_hooks',
      'async_hooks',
      'buffer',
      'crypto',
      'module',
      'os',
    ],
    note: 'never another engine',
  },
  { name: 'topics', folder: server('topics'), layers: ['protocol', 'connection'], node: [] },
  {
    name: 'brokers/memory',
    folder: server('brokers/memory'),
    layers: ['protocol', 'topics'],
    node: [],
  },
  {
    name: 'brokers/process',
    folder: server('brokers/process'),
    layers: ['protocol', 'connection', 'topics'],
    node: ['net', 'os', 'path', 'fs', 'cluster'],
    note: 'between the processes of one machine',
  },
  {
    name: 'brokers/nats',
    folder: server('brokers/nats'),
    layers: ['protocol', 'topics'],
    node: ['crypto', 'os', 'fs', 'tls'],
    packages: ['@nats-io/transport-node', '@nats-io/jetstream'],
    note: 'the packages are optional peers, or the client object is passed in',
  },
  {
    name: 'brokers/redis',
    folder: server('brokers/redis'),
    layers: ['protocol', 'topics'],
    node: ['crypto', 'os', 'tls'],
    packages: ['redis'],
    note: 'the package is an optional peer, or the client object is passed in',
  },
  {
    name: 'brokers/*',
    folder: server('brokers/*'),
    layers: ['protocol', 'topics'],
    node: [],
    note: 'the client object is passed in or an optional peer',
  },
  {
    name: 'models/queues',
    folder: server('models/queues'),
    layers: ['protocol', 'connection', 'topics'],
    node: ['worker_threads'],
    packages: ['@standard-schema/spec', 'piscina'],
    note: 'piscina is an optional peer',
  },
  {
    name: 'models/loop',
    folder: server('models/loop'),
    layers: ['protocol', 'connection', 'topics', 'native'],
    node: ['ffi', 'net', 'fs', 'worker_threads'],
    note: 'it stands below the core: descriptors, not connections',
  },
  {
    name: 'models/threads',
    folder: server('models/threads'),
    layers: ['protocol', 'connection', 'topics'],
    node: ['worker_threads'],
  },
  {
    name: 'models/*',
    folder: server('models/*'),
    layers: ['protocol', 'connection', 'topics'],
    node: [],
    packages: ['@standard-schema/spec'],
    note: 'never an engine, a broker or another model',
  },
  {
    name: 'line',
    folder: server('line'),
    layers: ['protocol', 'connection', 'topics'],
    node: ['crypto'],
    packages: ['@msgpack/msgpack', '@standard-schema/spec', 'jose'],
    note: 'the line protocol holdline.v1; jose is an optional peer',
  },
  {
    name: 'server',
    folder: server('server'),
    layers: [
      'protocol',
      'connection',
      'engines/memory',
      'engines/http',
      'engines/*',
      'topics',
      'brokers/*',
      'models/*',
      'line',
    ],
    node: [
      'cluster',
      'os',
      'process',
      'fs',
      'path',
      'diagnostics_channel',
      'url',
      'crypto',
      'timers',
      'v8',
    ],
    nodeTypes: ['http', 'https', 'net', 'tls'],
    note: 'the only place that wires',
  },
  {
    name: 'testing',
    folder: server('testing'),
    layers: ['protocol', 'connection', 'topics', 'engines/memory', 'brokers/memory', 'server'],
    node: ['test', 'assert', 'net'],
    note: 'the contract suites, for engines and brokers of others too',
  },
  {
    name: 'client',
    folder: 'client/src',
    layers: [],
    node: [],
    packages: ['@msgpack/msgpack', 'react'],
    note: 'runs in browsers: no Node, no dependency; the packages are optional peers, each for an entry of its own',
  },
  {
    name: 'gateway',
    folder: 'gateway/src',
    layers: [],
    node: 'any',
    packages: ['holdline', 'holdline-client'],
    note: 'packages by their exports only',
  },
]

/** A package's entry file: it gathers exports and may import any layer of its package. */
const entryFiles = new Set(['server/src/index.ts'])

export interface Violation {
  /** Counted from the root of the repository. */
  readonly file: string
  readonly line: number
  readonly text: string
}

/** What the check looks at; made up in tests, read from disk otherwise. */
export interface Tree {
  /** Source text by path, counted from the root of the repository. */
  readonly files: ReadonlyMap<string, string>
  /** The `exports` keys of each package of this repository, by npm name. */
  readonly exports: ReadonlyMap<string, readonly string[]>
}

interface Place {
  readonly layer: Layer
  /** `engines/node` where the layer is `engines/*`. */
  readonly room: string
}

const builtins = new Set(builtinModules.map((name) => name.replace(/^node:/, '')))

/** Every import that the table forbids, and every cycle of imports that are there at run time. */
export function findViolations(tree: Tree, table: readonly Layer[] = layers): Violation[] {
  const violations: Violation[] = []
  const runtime = new Map<string, { to: string; line: number }[]>()
  for (const [file, source] of tree.files) {
    const inSource = /^packages\/[^/]+\/src\//.test(file)
    const entry = entryFiles.has(file.replace(/^packages\//, ''))
    const place = inSource && !entry ? placeOf(file, table) : undefined
    if (inSource && !entry && place === undefined) {
      violations.push({ file, line: 1, text: 'lies in no layer of the table' })
      continue
    }
    for (const { specifier, typeOnly, line } of importsOf(source)) {
      const refuse = (text: string): void => void violations.push({ file, line, text })
      if (specifier.startsWith('.')) {
        const to = posix.join(posix.dirname(file), specifier)
        if (packageOf(to) !== packageOf(file) && /^packages\/[^/]+\/(src|dist|test)\//.test(to)) {
          if (!file.startsWith('tools/')) refuse(`reaches into another package: ${specifier}`)
          continue
        }
        if (!inSource) continue
        if (!to.startsWith(`${packageOf(file)}/src/`)) refuse(`leaves the sources: ${specifier}`)
        else if (!tree.files.has(to)) refuse(`names no source file: ${specifier}`)
        else {
          if (!typeOnly) runtime.set(file, [...(runtime.get(file) ?? []), { to, line }])
          const target = placeOf(to, table)
          if (place === undefined) continue
          if (target === undefined) refuse(`${place.room} may not import ${specifier}`)
          else if (target.room !== place.room && !mayImport(place.layer, target)) {
            refuse(`${place.room} may not import ${target.room}`)
          }
        }
      } else refuseModule(specifier, typeOnly, inSource, place, tree, refuse)
    }
  }
  return [...violations, ...findCycles(runtime)]
}

function refuseModule(
  specifier: string,
  typeOnly: boolean,
  inSource: boolean,
  place: Place | undefined,
  tree: Tree,
  refuse: (text: string) => void,
): void {
  const parts = specifier.split('/')
  const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!
  const subpath = ['.', ...parts.slice(specifier.startsWith('@') ? 2 : 1)].join('/')
  const known = tree.exports.get(name)
  if (known !== undefined && !known.includes(subpath)) refuse(`${name} does not export ${subpath}`)
  if (!inSource) return
  if (specifier.startsWith('node:')) {
    const base = specifier.slice('node:'.length).split('/')[0]!
    const layer = place?.layer
    const allowed =
      layer?.node === 'any' ||
      layer?.node.includes(base) === true ||
      (typeOnly && layer?.nodeTypes?.includes(base) === true)
    if (!allowed) refuse(`${place?.room ?? 'an entry'} may not import ${specifier}`)
  } else if (builtins.has(specifier)) refuse(`write node:${specifier}`)
  else if (place?.layer.packages?.includes(name) !== true) {
    refuse(`${place?.room ?? 'an entry'} may not import the package ${name}`)
  }
}

function packageOf(file: string): string {
  return /^packages\/[^/]+/.exec(file)?.[0] ?? ''
}

function placeOf(file: string, table: readonly Layer[]): Place | undefined {
  const path = file.replace(/^packages\//, '')
  for (const layer of table) {
    if (!layer.folder.endsWith('/*')) {
      if (path.startsWith(`${layer.folder}/`)) return { layer, room: layer.name }
      continue
    }
    const parent = layer.folder.slice(0, -1)
    if (!path.startsWith(parent)) continue
    const [room, ...rest] = path.slice(parent.length).split('/')
    if (rest.length > 0) return { layer, room: `${layer.name.slice(0, -1)}${room}` }
  }
  return undefined
}

function mayImport(from: Layer, to: Place): boolean {
  return from.layers.some((name) =>
    name.endsWith('/*') ? to.room.startsWith(name.slice(0, -1)) : name === to.layer.name,
  )
}

/** Each knot of files that import one another at run time, named once. */
function findCycles(
  edges: ReadonlyMap<string, readonly { to: string; line: number }[]>,
): Violation[] {
  const found: Violation[] = []
  const state = new Map<string, 'open' | 'done'>()
  const path: string[] = []
  const visit = (file: string): void => {
    state.set(file, 'open')
    path.push(file)
    for (const { to, line } of edges.get(file) ?? []) {
      if (state.get(to) === 'open') {
        const ring = [...path.slice(path.indexOf(to)), to]
        found.push({ file, line, text: `closes a cycle: ${ring.join(' → ')}` })
      } else if (!state.has(to)) visit(to)
    }
    path.pop()
    state.set(file, 'done')
  }
  for (const file of edges.keys()) if (!state.has(file)) visit(file)
  return found
}

/** Source files longer than this are reported, not refused. */
export const maxSourceLines = 400

export function findLongFiles(tree: Tree): string[] {
  return [...tree.files]
    .filter(([file]) => /^packages\/[^/]+\/src\//.test(file))
    .map(([file, source]) => ({ file, lines: source.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > maxSourceLines)
    .map(({ file, lines }) => `${file} has ${lines} lines (aim for ${maxSourceLines})`)
}

/** The table as Markdown. */
export function layerTable(table: readonly Layer[] = layers): string {
  const quoted = (name: string): string => `\`${name}\``
  const rows = table.map((layer) => {
    const imports = [...layer.layers, ...(layer.packages ?? [])].map(quoted)
    const node = [
      ...(layer.node === 'any' ? ['anything'] : layer.node.map(quoted)),
      ...(layer.nodeTypes ?? []).map((name) => `types of ${quoted(name)}`),
    ]
    return [quoted(layer.name), imports.join(', '), node.join(', '), layer.note ?? '']
  })
  const lines = [['layer', 'may import', 'of Node', 'because'], Array(4).fill('---'), ...rows]
  return lines.map((cells) => `| ${cells.map((cell) => cell || '—').join(' | ')} |`).join('\n')
}

const marks = ['<!-- layers: begin -->', '<!-- layers: end -->'] as const

/** The text with the table put between its marks; undefined where the marks are missing. */
export function withLayerTable(markdown: string, table: string = layerTable()): string | undefined {
  const [begin, end] = marks.map((mark) => markdown.indexOf(mark)) as [number, number]
  if (begin < 0 || end < begin) return undefined
  return `${markdown.slice(0, begin + marks[0].length)}\n\n${table}\n\n${markdown.slice(end)}`
}

/** What lies between the marks, each row without the spaces that a formatter adds. */
export function printedLayerTable(markdown: string): string | undefined {
  const [begin, end] = marks.map((mark) => markdown.indexOf(mark)) as [number, number]
  if (begin < 0 || end < begin) return undefined
  return markdown
    .slice(begin + marks[0].length, end)
    .trim()
    .split('\n')
    .map((row) => row.replace(/ +/g, ' ').replace(/-{3,}/g, '---'))
    .join('\n')
}

export function readTree(root: string): Tree {
  const files = new Map<string, string>()
  for (const folder of ['packages', 'conformance', 'chaos', 'examples', 'bench', 'tools']) {
    if (!existsSync(join(root, folder))) continue
    for (const path of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.ts') || /(^|[\\/])(node_modules|dist)[\\/]/.test(path)) continue
      const file = relative(root, join(root, folder, path)).replaceAll('\\', '/')
      files.set(file, readFileSync(join(root, file), 'utf8'))
    }
  }
  const exports = new Map<string, readonly string[]>()
  for (const name of readdirSync(join(root, 'packages'))) {
    const manifest = JSON.parse(
      readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'),
    ) as { name: string; exports: Record<string, unknown> }
    exports.set(manifest.name, Object.keys(manifest.exports))
  }
  return { files, exports }
}

function main(): number {
  const root = dirname(import.meta.dirname)
  if (process.argv.includes('--write')) {
    const file = join(root, 'ARCHITECTURE.md')
    const text = withLayerTable(readFileSync(file, 'utf8'))
    if (text === undefined) {
      console.error(`ARCHITECTURE.md has no ${marks.join(' and ')}`)
      return 1
    }
    writeFileSync(file, text)
    return 0
  }
  const tree = readTree(root)
  const violations = findViolations(tree)
  for (const { file, line, text } of violations) console.error(`${file}:${line} ${text}`)
  for (const text of findLongFiles(tree)) console.error(`warning: ${text}`)
  return violations.length === 0 ? 0 : 1
}

if (import.meta.main) process.exitCode = main()
