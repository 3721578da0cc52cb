// A program whose workers end before they serve.

import cluster from 'node:cluster'
import { serve } from 'holdline'

if (cluster.isWorker) process.exit(9)
try {
  await serve({ processes: 2, port: 0 })
} catch (error) {
  console.log(JSON.stringify({ failed: (error as { code?: string }).code, message: String(error) }))
  process.exit(3)
}
