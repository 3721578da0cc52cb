// A program of several processes, for tests: lines of holdline.v1. Whoever publishes on `revoke` has the identity that he
// names revoked, by his process.

import { serve } from 'holdline'
import type { ServeOptions } from 'holdline'
import { line } from 'holdline/line'
import { logger, started, tell } from './tell.ts'

const options = JSON.parse(process.argv[2] ?? '{}') as ServeOptions

await started(async () => {
  const server = await serve({
    port: 0,
    logger,
    topics: { 'news.*': { history: true } },
    ...options,
    routes: {
      '/live': line({
        identify: ({ token }) => ({
          id: token,
          issuedAtMs: Date.now() - 1,
          claims: server.workerId,
        }),
        authorize: ({ topic, identity }) => {
          tell({ asked: topic, by: process.pid, worker: identity!.claims })
          if (topic.startsWith('revoke.')) void server.revoke({ identity: topic.slice(7) })
          return true
        },
      }),
    },
  })
  return server
})
