// The load generator process: does what it is told over Node's IPC channel, one command at a time.
import { chooseLoadEngine } from './choose-load-engine.ts'
import type { Answer, Command, Commands } from './commands.ts'
import { Load } from './load.ts'

const load = new Load(await chooseLoadEngine())

function run(command: Command): Promise<unknown> {
  const { name, options } = command
  switch (name) {
    case 'describe':
      return Promise.resolve({ engine: load.engineName })
    case 'open':
      return load.open(options as Commands['open']['takes'])
    case 'verify':
      return load.verify(options as Commands['verify']['takes'])
    case 'echo':
      return load.echo(options as Commands['echo']['takes'])
    case 'paced':
      return load.paced(options as Commands['paced']['takes'])
    case 'mix':
      return load.mix(options as Commands['mix']['takes'])
    case 'publish':
      return load.publish(options as Commands['publish']['takes'])
    case 'handshakes':
      return load.handshakes(options as Commands['handshakes']['takes'])
    case 'storm':
      return load.storm()
    case 'close':
      return load.close()
  }
}

process.on('message', async (command: Command) => {
  let answer: Answer
  try {
    answer = { ok: true, result: await run(command) }
  } catch (error) {
    answer = { ok: false, message: (error as Error).message }
  }
  process.send?.(answer)
})
process.on('disconnect', () => process.exit())
