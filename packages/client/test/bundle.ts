// Bundles a file of the tests as a browser gets it, from the sources.

import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export async function bundle(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['source'],
    define: { 'process.env.NODE_ENV': '"development"' },
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}
