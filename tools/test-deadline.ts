// Loaded into every test file that `npm test` runs: one that does not end (a socket left open, an event that never
// comes) is ended and counts as failed. The runner's own timeout does not reach a file whose tests are over.
import { isMainThread } from 'node:worker_threads'

const deadlineMs = 300_000

if (isMainThread) {
  setTimeout(() => {
    const open = process.getActiveResourcesInfo().join(', ')
    console.error(`The test file did not end within ${deadlineMs / 1000} s. Still open: ${open}`)
    process.exit(1)
  }, deadlineMs).unref()
}
