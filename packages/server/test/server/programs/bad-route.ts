// A program whose workers cannot start: its route has no path.

import { serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'

try {
  await serve({ processes: 2, port: 0, routes: { nowhere: callbacks({}) } })
} catch (error) {
  const { code, cause } = error as { code?: string; cause?: { code?: string } }
  console.log(JSON.stringify({ failed: code, cause: cause?.code, message: String(error) }))
  process.exit(3)
}
