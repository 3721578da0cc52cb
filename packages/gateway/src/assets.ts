// The files of the chat page, read once at the start: a request can only reach what is in this table.

import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'

/** One file, ready to send. */
export interface Asset {
  readonly body: Buffer
  readonly contentType: string
  /** Changes with the content, for `ETag`. */
  readonly etag: string
}

export interface Assets {
  /** By path of the URL. */
  readonly files: ReadonlyMap<string, Asset>
  /** The hash of the page's import map, as the Content-Security-Policy names it. */
  readonly importMapHash: string
}

const contentTypes: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

/**
 * Reads the page, its compiled scripts, and the client library as its package ships it.
 * @throws Error if the packages were not built.
 */
export function loadAssets(): Assets {
  const files = new Map<string, Asset>()
  const add = (path: string, file: URL): void => {
    const body = readFileSync(file)
    const contentType = contentTypes[file.pathname.split('.').at(-1) ?? '']
    if (!contentType) return
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
    files.set(path, { body, contentType, etag })
  }
  // A script and what it imports, relatively: not what else lies beside it.
  const addScript = (path: string, file: URL): void => {
    if (files.has(path)) return
    add(path, file)
    for (const [, name] of String(files.get(path)?.body).matchAll(/from '(\.[^']+)'/g)) {
      const imported = new URL(name as string, `file://${path}`)
      addScript(imported.pathname, new URL(name as string, file))
    }
  }
  // From src and from dist alike: the browser gets what the compiler made.
  const root = new URL('../', import.meta.url)
  for (const name of readdirSync(new URL('page/', root))) {
    add(name === 'index.html' ? '/' : `/assets/${name}`, new URL(`page/${name}`, root))
  }
  addScript('/assets/page/main.js', new URL('dist/page/main.js', root))
  const client = import.meta.resolve('holdline-client/package.json')
  addScript('/assets/client/index.js', new URL('dist/index.js', client))
  return { files, importMapHash: hashOfImportMap(String(files.get('/')?.body)) }
}

/** An import map cannot be a file of its own, so the policy allows exactly this one script in the page. */
function hashOfImportMap(page: string): string {
  const map = /<script type="importmap">([^]*?)<\/script>/.exec(page)?.[1]
  if (map === undefined) throw new Error('The page has no import map')
  return `sha256-${createHash('sha256').update(map).digest('base64')}`
}
