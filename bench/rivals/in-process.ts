// What the libraries of the models do without a connection. argv: the program. Plays a round for each message of its
// parent and answers how many and how long.

interface Program {
  readonly title: string
  readonly processCount: number
  /** Modules with `prepare()`, which gives a function that plays so many and resolves when all are done. */
  load(): Promise<{ prepare(): Promise<Play> | Play }>
}

/** Does `count` of what is measured. */
export type Play = (count: number) => Promise<void>

export const programs = {
  promise: {
    title: 'a promise awaited, for comparison',
    processCount: 1,
    load: () => import('./in-process/promise.ts'),
  },
} as const satisfies Readonly<Record<string, Program>>

export type ProgramName = keyof typeof programs

/** At least so many at once: reading the clock costs too. */
const batchCount = 10_000

async function round(play: Play, roundMs: number): Promise<{ count: number; elapsedMs: number }> {
  const startMs = performance.now()
  let count = 0
  let elapsedMs = 0
  do {
    await play(batchCount)
    count += batchCount
    elapsedMs = performance.now() - startMs
  } while (elapsedMs < roundMs)
  return { count, elapsedMs }
}

if (import.meta.main) {
  const program: Program = programs[process.argv[2] as ProgramName]
  const play = await (await program.load()).prepare()
  process.on('message', async ({ roundMs }: { roundMs: number }) => {
    try {
      process.send?.(await round(play, roundMs))
    } catch (error) {
      process.send?.({ failure: (error as Error).message })
    }
  })
  process.on('disconnect', () => process.exit())
}
