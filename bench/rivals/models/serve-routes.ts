// What the servers of all models share but the raw loop: the engine, the limits, the address.
import { serve } from 'holdline'
import type { Route } from 'holdline'

export interface ModelRoutes {
  /** `/` */
  readonly echo: Route<never> | Route
  /** `/trouble` */
  readonly trouble: Route<never> | Route
}

export async function serveRoutes(port: number, { echo, trouble }: ModelRoutes): Promise<void> {
  await serve({
    port,
    host: '127.0.0.1',
    engine: 'auto', // uring; where the machine refuses it, the bench leaves the models out
    logger: null, // crashes are measured, not read
    routes: { '/': echo, '/trouble': trouble },
  })
}
