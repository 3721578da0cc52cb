// Which servers can be measured: a rival is a command that listens on the port it is given and speaks
// the scenario's protocol (echo: every message comes back as it was sent).
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface Rival {
  readonly name: string
  /** A shell command; `{port}` stands for the port. */
  readonly command: string
  readonly version: string
}

const benchFolder = fileURLToPath(new URL('../../', import.meta.url))

/** Names of the rivals that live in bench/rivals, with the package whose version is reported. */
const packageOf: Readonly<Record<string, string | undefined>> = {
  'holdline-node': 'holdline',
  'holdline-default-heap': 'holdline',
  ws: 'ws',
}

export function repositoryRival(name: string): Rival {
  const file = `${benchFolder}rivals/${name}.ts`
  if (!/^[\w.-]+$/.test(name) || !existsSync(file)) {
    throw new RangeError(
      `there is no rival '${name}' in bench/rivals; plug it in with --rival '${name}=command {port}'`,
    )
  }
  const packageName = packageOf[name]
  return {
    name,
    command: `${quote(process.execPath)} -C source ${quote(file)} {port}`,
    version: packageName === undefined ? `node ${process.versions.node}` : versionOf(packageName),
  }
}

/** Parses `name=command {port}`. */
export function commandRival(text: string): Rival {
  const equals = text.indexOf('=')
  const name = text.slice(0, Math.max(equals, 0)).trim()
  const command = text.slice(equals + 1).trim()
  if (name === '' || !command.includes('{port}')) {
    throw new RangeError(`--rival takes 'name=command {port}', not '${text}'`)
  }
  return { name, command, version: 'given on the command line' }
}

// The nearest copy counts, as it does for the rival itself: bench/node_modules first, then the root's.
function versionOf(packageName: string): string {
  for (const folder of [benchFolder, `${benchFolder}../`]) {
    const file = `${folder}node_modules/${packageName}/package.json`
    if (!existsSync(file)) continue
    const found = JSON.parse(readFileSync(file, 'utf8')) as { version?: string }
    return found.version ?? 'unknown'
  }
  return 'not installed'
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
