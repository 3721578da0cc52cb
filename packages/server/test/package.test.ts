// The packages as a stranger meets them: packed, installed into an empty project, typed, and serving an echo on
// the newest Node and on the oldest that is promised.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { WebSocket } from 'ws'

const root = dirname(dirname(dirname(import.meta.dirname)))
const names = ['holdline', 'holdline-client', 'holdline-gateway'] as const
/** The lower end of `engines` in package.json; as a package of one binary, so no install script has to run. */
const oldestNode = {
  name: `${process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'}-${process.platform}-${process.arch}`,
  version: '22.18.0',
}

const folder = mkdtempSync(join(tmpdir(), 'holdline-package-'))
const project = join(folder, 'project')
const tarballs = new Map<string, string>()
const environment = {
  ...process.env,
  PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
  NODE_OPTIONS: '',
}

async function command(file: string, options: string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(file, options, { cwd, env: environment })
    return stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`${file} ${options.join(' ')} failed\n${stdout}${stderr}`, { cause: error })
  }
}

before(async () => {
  await command(process.execPath, [join(root, 'tools', 'build.ts')], root)
  const workspaces = names.flatMap((name) => ['--workspace', name])
  const packed = await command(
    'npm',
    ['pack', '--json', '--pack-destination', folder, ...workspaces],
    root,
  )
  for (const { name, filename } of packedFiles(packed)) tarballs.set(name, join(folder, filename))
  await createProject()
})

after(() => rmSync(folder, { recursive: true, force: true }))

/** npm up to 11 prints a list, npm 12 an object by name. */
function packedFiles(json: string): { name: string; filename: string }[] {
  return Object.values(JSON.parse(json) as Record<string, { name: string; filename: string }>)
}

/** An empty project with the tarballs and what they depend on, all from this disk: no registry is asked. */
async function createProject(): Promise<void> {
  mkdirSync(join(folder, 'vendor'), { recursive: true })
  mkdirSync(project)
  const dependencies: Record<string, string> = {}
  for (const [name, tarball] of tarballs) dependencies[name] = `file:${tarball}`
  for (const name of outsideDependencies()) {
    const copy = join(folder, 'vendor', name.replace('/', '-'))
    cpSync(join(root, 'node_modules', name), copy, { recursive: true, dereference: true })
    dependencies[name] = `file:${copy}`
  }
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'stranger', private: true, type: 'module', dependencies }),
  )
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--install-links', '--offline']
  await command('npm', ['install', ...quiet], project)
}

/** What the packed packages need from outside this repository. */
function outsideDependencies(): string[] {
  const needed = ['server', 'client', 'gateway'].flatMap((name) => {
    const text = readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')
    return Object.keys((JSON.parse(text) as { dependencies?: object }).dependencies ?? {})
  })
  return [...new Set(needed)].filter((name) => !names.some((own) => own === name))
}

for (const name of names) {
  test(`${name} passes publint on its tarball`, async () => {
    const bytes = readFileSync(tarballs.get(name)!)
    const tarball = new Uint8Array(bytes).buffer
    const { messages } = await publint({ pack: { tarball }, strict: true })
    assert.deepEqual(messages, [])
  })

  test(`${name} is installed with its license and without tests or build records`, () => {
    const installed = join(project, 'node_modules', name)
    assert.ok(existsSync(join(installed, 'LICENSE')))
    assert.ok(existsSync(join(installed, 'README.md')), 'a package page needs a README')
    for (const absent of ['test', 'dist/.tsbuildinfo', 'tsconfig.build.json']) {
      assert.equal(existsSync(join(installed, absent)), false, absent)
    }
  })
}

const consumer = `
import { serve } from 'holdline'
import type { Connection } from 'holdline'
import { callbacks } from 'holdline/callbacks'

const echo = callbacks({
  message(connection, data) {
    const bytes: string | Uint8Array = data
    connection.send(bytes)
  },
})
export async function start(): Promise<string> {
  await using server = await serve({ port: 0, routes: { '/echo': echo } })
  return server.url
}
export const idOf = (connection: Connection<unknown>): number => connection.id
// @ts-expect-error a port is a number
export const wrong = (): unknown => serve({ port: 'http', routes: {} })
`

for (const [module, moduleResolution] of [
  ['nodenext', 'nodenext'],
  ['node16', 'node16'],
  ['esnext', 'bundler'],
]) {
  test(`the types hold under moduleResolution ${moduleResolution}, libraries checked`, async () => {
    const config = `tsconfig.${moduleResolution}.json`
    writeFileSync(join(project, 'consumer.ts'), consumer)
    writeFileSync(
      join(project, config),
      JSON.stringify({
        compilerOptions: {
          module,
          moduleResolution,
          target: 'es2024',
          lib: ['es2024', 'esnext.disposable', 'dom'],
          strict: true,
          skipLibCheck: false,
          noEmit: true,
          types: ['node'],
          typeRoots: [join(root, 'node_modules', '@types')],
        },
        files: ['consumer.ts'],
      }),
    )
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    await command(process.execPath, [tsc, '-p', config], project)
  })
}

const program = `
import { serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'
const echo = callbacks({ message(connection, data) { connection.send(data) } })
const server = await serve({ port: 0, host: '127.0.0.1', routes: { '/echo': echo } })
console.log('url ' + server.url)
process.stdin.resume().on('end', () => server[Symbol.asyncDispose]())
`

/** Serves an echo from the installed packages with the given Node and talks to it from outside. */
async function echoOn(node: string): Promise<void> {
  writeFileSync(join(project, 'server.js'), program)
  const child = spawn(node, ['server.js'], { cwd: project, env: environment, stdio: 'pipe' })
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  const exited = once(child, 'exit')
  try {
    const url = await urlOf(child.stdout)
    assert.ok(url !== undefined, `the server ended before it listened:\n${complaint}`)
    const client = new WebSocket(`${url.replace(/^http/, 'ws').replace(/\/$/, '')}/echo`)
    await once(client, 'open')
    for (const message of ['Grüße', Buffer.from([0, 255, 128])]) {
      client.send(message)
      const [data, isBinary] = (await once(client, 'message')) as [Buffer, boolean]
      assert.equal(isBinary, typeof message !== 'string')
      assert.deepEqual(data, Buffer.from(message as string))
    }
    client.close(1000)
    const [code] = (await once(client, 'close')) as [number]
    assert.equal(code, 1000)
    child.stdin.end()
    const [status] = (await exited) as [number | null]
    assert.equal(status, 0, complaint)
  } finally {
    child.kill('SIGKILL')
  }
}

async function urlOf(output: NodeJS.ReadableStream): Promise<string | undefined> {
  for await (const line of createInterface({ input: output })) {
    if (line.startsWith('url ')) return line.slice('url '.length)
  }
  return undefined
}

test(`the installed package serves an echo on Node ${process.versions.node}`, async () => {
  await echoOn(process.execPath)
})

test(`the installed package serves an echo on Node ${oldestNode.version}`, async () => {
  await echoOn(await oldestNodeBinary())
})

/** Kept between runs; installed beside its place and moved there, so that two runs do not meet half of it. */
async function oldestNodeBinary(): Promise<string> {
  const cache = join(tmpdir(), `holdline-${oldestNode.name}-${oldestNode.version}`)
  const binary = join('node_modules', oldestNode.name, 'bin', 'node')
  if (!existsSync(join(cache, binary))) {
    const fresh = mkdtempSync(join(folder, 'node-'))
    writeFileSync(join(fresh, 'package.json'), '{"private":true}')
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']
    const wanted = `${oldestNode.name}@${oldestNode.version}`
    await command('npm', ['install', ...quiet, wanted], fresh)
    try {
      renameSync(fresh, cache)
    } catch (error) {
      if (!existsSync(join(cache, binary))) throw error
    }
  }
  const path = join(cache, binary)
  assert.equal((await command(path, ['--version'], cache)).trim(), `v${oldestNode.version}`)
  return path
}
