// One server in each programming model: what comes on `/` goes back as it came, and `/trouble` makes trouble
// (models/trouble.ts). argv: the port, the model. Each is written as its own guide would write it.

/** Modules with `start(port)`, by model; only the one that is asked for is loaded. */
export const models = {
  behavior: () => import('./models/behavior.ts'),
  servlet: () => import('./models/servlet.ts'),
  callbacks: () => import('./models/callbacks.ts'),
  actors: () => import('./models/actors.ts'),
  csp: () => import('./models/csp.ts'),
  queues: () => import('./models/queues.ts'),
  loop: () => import('./models/loop.ts'),
  threads: () => import('./models/threads.ts'),
} as const

export type ModelName = keyof typeof models

if (import.meta.main) {
  const [port, model] = process.argv.slice(2)
  const { start } = await models[model as ModelName]()
  await start(Number(port))
}
