// The tests that every page of the guide has: each sample runs and does what it says, no code of its
// matter is missing. That samples compile and codes exist is tested for all pages at once, beside this file.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Server as HttpServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Server } from 'holdline'
import type { Listener, Loop } from 'holdline/loop'
import { errorCatalogue } from 'holdline/protocol'
import { temporaryFolder } from './guide-page.ts'
import type { GuidePage } from './guide-page.ts'

/** A sample that runs. */
export interface Running {
  /** Host and port of its server. */
  readonly at: string
  readonly server?: Server
  readonly http?: HttpServer
  readonly loop?: Loop
  readonly listener?: Listener
  readonly text?: string
}

/** What is done with a sample, or the lines it prints, or null: a file that another sample loads. */
export type Use = ((running: Running) => Promise<void>) | readonly unknown[] | null

/** Samples are started in the folder that they are written to, which is given: they may read and write files. */
export function testSamples(page: GuidePage, uses: Readonly<Record<string, Use>>): string {
  const folder = temporaryFolder()
  describe(`the samples of ${page.name}`, () => {
    const startedIn = process.cwd()
    before(() => process.chdir(folder))
    after(() => process.chdir(startedIn))

    test('each sample has a test, and each test a sample', () => {
      assert.deepEqual([...page.samples.keys()], Object.keys(uses))
    })

    for (const [name, file] of page.writeModules(folder)) {
      const use = uses[name]
      if (use === null || use === undefined) continue
      test(`the sample ${name}`, async (t) => {
        const printed: unknown[] = []
        // What the sample prints is not the business of who runs the tests.
        for (const method of ['error', 'info', 'warn'] as const) {
          t.mock.method(console, method, () => {})
        }
        t.mock.method(console, 'log', (...words: unknown[]) => {
          printed.push(words.length === 1 ? words[0] : words.join(' '))
        })
        const running = await start(file)
        try {
          if (typeof use === 'function') await use(running)
          else assert.deepEqual(printed, use)
        } finally {
          await stop(running)
        }
      })
    }
  })
  return folder
}

async function start(file: string): Promise<Running> {
  const running = (await import(pathToFileURL(file).href)) as Omit<Running, 'at'>
  const { http, server } = running
  if (http !== undefined && !http.listening) await once(http, 'listening')
  return { ...running, at: `localhost:${server?.port}` }
}

async function stop({ server, http, loop }: Running): Promise<void> {
  await server?.close({ graceMs: 500 })
  http?.closeAllConnections()
  http?.close()
  loop?.shutDown()
}

/** Where a page has the codes of its prefixes: in tables, in the catalogue's order or its own; or here and there. */
export type Place = 'in order' | 'in tables' | 'anywhere'

/** Every code of the prefixes is on the page. That each code on a page exists, codes-exist.test.ts says. */
export function testCodes(page: GuidePage, place: Place, prefixes: readonly string[]): void {
  test(`${page.name} has each code of ${prefixes.join(', ')}`, () => {
    const isOwn = (code: string): boolean => prefixes.some((prefix) => code.startsWith(prefix))
    const known = Object.keys(errorCatalogue).filter(isOwn)
    for (const prefix of prefixes) {
      assert.ok(
        known.some((code) => code.startsWith(prefix)),
        prefix,
      )
    }
    const told = (place === 'anywhere' ? page.codes : page.explainedCodes).filter(isOwn)
    if (place === 'in order') assert.deepEqual(told, known)
    else assert.deepEqual(told.toSorted(), known.toSorted())
  })
}
