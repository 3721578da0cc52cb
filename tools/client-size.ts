// What the client weighs in a page: bundled and minified by esbuild, compressed by brotli. Owns the limits; run without
// arguments to check them.
import { dirname, join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { build } from 'esbuild'

export interface Size {
  /** What a page imports from the entry `holdline-client`. */
  readonly imports: string
  readonly limitBytes: number
}

export const sizes: readonly Size[] = [
  { imports: '{ connect }', limitBytes: 2_400 },
  // 5 KB, as the memory of a page counts them.
  { imports: '{ live }', limitBytes: 5_120 },
  // Who needs both pays for what they do not share.
  { imports: '*', limitBytes: 5_632 },
]

const root = dirname(import.meta.dirname)

/** In bytes, compressed. */
export async function weigh(imports: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export ${imports} from './index.ts'`,
      resolveDir: join(root, 'packages/client/src'),
      loader: 'ts',
    },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2024',
    write: false,
  })
  return brotliCompressSync(outputFiles[0]?.contents ?? '').length
}

if (import.meta.main) {
  for (const { imports, limitBytes } of sizes) {
    const bytes = await weigh(imports)
    const line = `holdline-client ${imports}: ${bytes} of ${limitBytes} bytes`
    if (bytes <= limitBytes) console.log(line)
    else {
      console.error(`${line}: too large`)
      process.exitCode = 1
    }
  }
}
