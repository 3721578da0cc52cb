// The load generator process: does what it is told over Node's IPC channel, one command at a time.
import type { Answer, Command } from './commands.ts'
import { EchoLoad } from './echo-load.ts'

const load = new EchoLoad()

async function run(command: Command): Promise<Answer> {
  switch (command.do) {
    case 'open':
      await load.open(command.port, command.connectionCount)
      return { ok: true }
    case 'verify':
      await load.verify(command.kind, command.payloadBytes, command.messageCount)
      return { ok: true }
    case 'round': {
      const round = await load.round(command.kind, command.payloadBytes, command.roundMs)
      return { ok: true, round }
    }
    case 'close':
      load.close()
      return { ok: true }
  }
}

process.on('message', async (command: Command) => {
  let answer: Answer
  try {
    answer = await run(command)
  } catch (error) {
    answer = { ok: false, message: (error as Error).message }
  }
  process.send?.(answer)
})
process.on('disconnect', () => process.exit())
