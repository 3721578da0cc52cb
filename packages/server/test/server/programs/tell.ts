// How a program says on its standard output, a line of JSON each, what a test wants to know.
import type { Logger, Server } from 'holdline'

export function tell(fact: object): void {
  process.stdout.write(`${JSON.stringify({ pid: process.pid, ...fact })}\n`)
}

export const logger: Logger = {
  info: () => {},
  warn: (line) => tell({ warn: line }),
  error: (line) => tell({ error: line }),
}

/** Tells where the server is once it has started, or why it has not; then the program ends. */
export async function started(start: () => Promise<Server>): Promise<Server> {
  try {
    const server = await start()
    const { workerId, url, port, processCount } = server
    tell({ workerId, url, port, processCount })
    return server
  } catch (error) {
    const { code, cause } = error as { code?: string; cause?: { code?: string } }
    tell({ failed: code, cause: cause?.code, message: String(error) })
    process.exit(3)
  }
}
