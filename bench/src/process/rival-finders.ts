// Finds the rivals that this Node does not run: Bun, uWebSockets.js on an older Node, Go and Python. Each answers
// with a command, or with what to install.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import {
  benchFolder,
  firstLine,
  packageFolder,
  quote,
  runQuietly,
  systemPrograms,
  versionOf,
  type Finding,
} from './finding.ts'

const buildTimeoutMs = 300_000

// npm installs the platform's package next to `bun`; the binary of `bun` itself only appears by an install script.
export function findBun(): Finding {
  const folder = `${benchFolder}node_modules/@oven`
  const binaries = existsSync(folder)
    ? readdirSync(folder).map((name) => `${folder}/${name}/bin/bun`)
    : []
  for (const binary of [...binaries.filter(existsSync), ...systemPrograms('bun')]) {
    const { ok, output } = runQuietly(binary, ['--version'])
    if (ok) return { command: `${quote(binary)} ${program('bun.ts')} {port}`, version: output }
  }
  return 'Bun is missing: npm install in bench/'
}

/** The package has binaries for some versions of Node only; the first Node that can load one is taken. */
export function findUwsJs(): Finding {
  const name = '@trufflesuite/uws-js-unofficial'
  const folder = packageFolder(name)
  if (folder === undefined) return `${name} is missing: npm install in bench/`
  const load =
    `const { platform, arch, versions } = process\n` +
    `require(${JSON.stringify(folder)} + '/binaries/uws_' + ` +
    `platform + '_' + arch + '_' + versions.modules + '.node')\n` +
    `process.stdout.write(versions.node)`
  for (const node of systemPrograms('node')) {
    const { ok, output } = runQuietly(node, ['-e', load])
    if (!ok) continue
    return {
      command: `${quote(node)} ${program('uws-js.mjs')} {port}`,
      version: `${versionOf(name)} on node ${output}`,
    }
  }
  return 'no Node 18 or 20 (not from npm) on PATH that loads its binary; Debian: apt-get install nodejs'
}

/** Debian puts Go libraries below this folder; a GOPATH may hold the library too. */
const debianGoPath = '/usr/share/gocode'

export function findGorilla(): Finding {
  const debian = 'Debian: apt-get install golang-go golang-github-gorilla-websocket-dev'
  const [go] = systemPrograms('go')
  if (go === undefined) return `Go is missing; ${debian}`
  const settings = runQuietly(go, ['env', 'GOVERSION', 'GOPATH'])
  const [goVersion = '', goPath = ''] = settings.output.split('\n')
  const library = [debianGoPath, ...goPath.split(':')].find((folder) =>
    existsSync(`${folder}/src/github.com/gorilla/websocket`),
  )
  if (library === undefined) return `gorilla/websocket is missing; ${debian}`
  const version = gorillaVersion()
  const source = `${benchFolder}rivals/gorilla/main.go`
  const cache = `${benchFolder}node_modules/.cache`
  const key = createHash('sha256')
    .update(readFileSync(source))
    .update([library, version, goVersion, process.arch].join('\n'))
    .digest('hex')
  const binary = `${cache}/gorilla-${key.slice(0, 16)}`
  if (!existsSync(binary)) {
    mkdirSync(cache, { recursive: true })
    // Built beside and renamed: two benches at once do not run half a file.
    const fresh = `${binary}.${process.pid}`
    const built = runQuietly(
      go,
      ['build', '-o', fresh, source],
      { GO111MODULE: 'off', GOPATH: library, GOFLAGS: '', GOCACHE: `${cache}/go` },
      buildTimeoutMs,
    )
    if (!built.ok) return `go build fails: ${firstLine(built.errors)}`
    renameSync(fresh, binary)
  }
  // One thread runs Go code, as in the other rivals.
  return {
    command: `env GOMAXPROCS=1 ${quote(binary)} {port}`,
    version: `${version} on ${goVersion}`,
  }
}

/** The library's source does not say its version; Debian's package does. */
function gorillaVersion(): string {
  const { ok, output } = runQuietly('dpkg-query', [
    ...['--show', '--showformat=${Version}', 'golang-github-gorilla-websocket-dev'],
  ])
  return ok ? output : 'of unknown version'
}

export function findTornado(): Finding {
  const show = 'import sys, tornado; print(tornado.version, "on Python", sys.version.split()[0])'
  for (const python of systemPrograms('python3')) {
    const { ok, output } = runQuietly(python, ['-c', show])
    if (!ok) continue
    return { command: `${quote(python)} ${program('tornado/main.py')} {port}`, version: output }
  }
  return 'Tornado is missing; Debian: apt-get install python3-tornado'
}

function program(file: string): string {
  return quote(`${benchFolder}rivals/${file}`)
}
