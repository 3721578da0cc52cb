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
  tell: {
    title: 'messages told to an actor',
    processCount: 1,
    load: () => import('./in-process/actor-tell.ts'),
  },
  ask: {
    title: 'questions asked of an actor, and answered',
    processCount: 1,
    load: () => import('./in-process/actor-ask.ts'),
  },
  workers: {
    title: 'messages told to an actor in another worker (two processes)',
    processCount: 2,
    load: () => import('./in-process/actor-workers.ts'),
  },
  channel: {
    title: 'values through a buffered channel, each awaited',
    processCount: 1,
    load: () => import('./in-process/channel.ts'),
  },
  channelTry: {
    title: 'values through a buffered channel, awaited where it is full or empty',
    processCount: 1,
    load: () => import('./in-process/channel-try.ts'),
  },
  queue: {
    title: 'blocks on a serial queue',
    processCount: 1,
    load: () => import('./in-process/queue.ts'),
  },
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
