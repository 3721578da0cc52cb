// Builds the packages into their dist folders. Owns what tsc leaves to others: it drops outputs whose source is
// gone (so a dist from before a pull never lingers) and carries files that are not TypeScript along.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, extname, join, relative } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = dirname(import.meta.dirname)

/** Every file below `folder`, as paths relative to it with `/`. */
function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
}

/** What one source file leaves in dist. */
export function outputsOf(source: string): string[] {
  if (source.endsWith('.d.ts')) return []
  if (extname(source) !== '.ts') return [source]
  const stem = source.slice(0, -3)
  return [`${stem}.js`, `${stem}.js.map`, `${stem}.d.ts`]
}

/** Removes what dist holds without a source, and copies what is not TypeScript. Returns the paths removed. */
export function tidyDist(packageFolder: string): string[] {
  const src = join(packageFolder, 'src')
  const dist = join(packageFolder, 'dist')
  const sources = filesBelow(src)
  const expected = new Set(['.tsbuildinfo', ...sources.flatMap(outputsOf)])
  const removed = filesBelow(dist).filter((file) => !expected.has(file))
  for (const file of removed) rmSync(join(dist, file))
  for (const file of sources) {
    if (extname(file) === '.ts') continue
    const from = join(src, file)
    const to = join(dist, file)
    const current = statSync(to, { throwIfNoEntry: false })
    const wanted = statSync(from)
    if (current?.size === wanted.size && current.mtimeMs === wanted.mtimeMs) continue
    cpSync(from, to, { preserveTimestamps: true })
  }
  return removed
}

/** Outputs that should be in dist and are not. */
function missingOutputs(packageFolder: string): string[] {
  return filesBelow(join(packageFolder, 'src'))
    .flatMap(outputsOf)
    .filter((file) => !existsSync(join(packageFolder, 'dist', file)))
}

/** Runs `work` while no other process builds in this tree: a test that reads dist never meets a half-written file. */
async function underLock<T>(work: () => T): Promise<T> {
  const lock = join(root, 'node_modules', '.holdline-build.lock')
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      if (isStale(lock)) rmSync(lock, { force: true })
      else await setTimeout(50)
    }
  }
  try {
    return work()
  } finally {
    rmSync(lock, { force: true })
  }
}

function isStale(lock: string): boolean {
  try {
    const pid = Number(readFileSync(lock, 'utf8'))
    // An empty file belongs to a process between its open and its write; only an old one is stale.
    if (pid === 0) return Date.now() - statSync(lock).mtimeMs > 10_000
    process.kill(pid, 0)
    return false
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ESRCH'
  }
}

function compile(...options: string[]): number {
  const tsc = join(
    dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))),
    'bin',
    'tsc',
  )
  const { status } = spawnSync(
    process.execPath,
    [tsc, '-b', join(root, 'tsconfig.build.json'), ...options],
    { stdio: 'inherit', cwd: root },
  )
  return status ?? 1
}

/** What the outputs depend on besides the sources; tsc does not compile anew for every option that changes. */
function configuration(): string {
  const hash = createHash('sha256').update(process.version)
  const configs = packageFolders().map((folder) => join(folder, 'tsconfig.build.json'))
  const shared = ['tsconfig.base.json', 'tsconfig.build.json', 'package-lock.json']
  for (const file of [...shared.map((name) => join(root, name)), ...configs]) {
    hash.update(readFileSync(file))
  }
  return hash.digest('hex')
}

function packageFolders(): string[] {
  return readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name))
}

function build(): number {
  const record = join(root, 'node_modules', '.holdline-build')
  const wanted = configuration()
  const current = existsSync(record) && readFileSync(record, 'utf8') === wanted
  const status = current ? compile() : compile('--force')
  if (status !== 0) return status
  for (const folder of packageFolders()) tidyDist(folder)
  writeFileSync(record, wanted)
  // tsc trusts its own record of what it wrote; where files went missing since, it has to write all again.
  if (packageFolders().some((folder) => missingOutputs(folder).length > 0)) {
    return compile('--force')
  }
  return 0
}

if (import.meta.main) process.exitCode = await underLock(build)
