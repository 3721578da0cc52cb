// A program that uses node:cluster by itself; a server in its worker is one of a single process.

import cluster from 'node:cluster'
import { serve } from 'holdline'

if (cluster.isPrimary) {
  cluster.fork().on('exit', (code) => process.exit(code))
} else {
  const server = await serve({ port: 0, logger: null })
  const message = `worker ${server.workerId} of ${server.processCount}`
  console.log(JSON.stringify({ message }))
  await server.close()
  process.exit(0)
}
