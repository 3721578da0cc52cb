#!/usr/bin/env node
// The command `holdline`: from its arguments to a running gateway, and to an exit code. 0: done, or stopped in good
// order; 1: a fault; 2: it was asked for something that cannot be.

import { HoldlineError } from 'holdline'
import type { Server } from 'holdline'
import { helpText, parseCommandLine } from './command-line.ts'
import type { GatewayOptions } from './command-line.ts'
import { startGateway } from './gateway.ts'
import { version } from './version.ts'

try {
  const command = parseCommandLine(process.argv.slice(2), process.env)
  if (command.kind === 'help') process.stdout.write(helpText)
  else if (command.kind === 'version') console.log(version)
  else await run(command.options)
} catch (error) {
  if (!(error instanceof HoldlineError)) throw error
  console.error(`holdline: ${error.code}: ${error.message.replace(/\s+/g, ' ')}`)
  process.exit(2)
}

async function run(options: GatewayOptions): Promise<void> {
  const server = await startGateway(options)
  // Workers are silent: their supervisor speaks for all.
  if (server.workerId === 0) console.log(startLine(server))
}

function startLine({ url, engine, processCount }: Server): string {
  const processes = processCount === 1 ? '1 process' : `${processCount} processes`
  return `Holdline ${version} is at ${url} (engine ${engine.name}: ${engine.reason}; ${processes})`
}
