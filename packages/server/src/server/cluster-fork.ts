// Makes worker processes with node:cluster: each runs the program once more, with the same arguments.

import cluster from 'node:cluster'
import { randomBytes } from 'node:crypto'
import { SECRET_VARIABLE } from '../line/cursor-proof.ts'
import { HoldlineError } from '../protocol/errors.ts'
import type { Fork } from './supervisor.ts'
import { WORKER_VARIABLE } from './worker.ts'
import type { FromWorker } from './worker-message.ts'
import { unwrap, wrap } from './worker-message.ts'

/**
 * `run` names this run of the supervisor among all there ever were.
 *
 * @throws HoldlineError ERR_WORKER_START where the program has no file that could be run again.
 */
export function clusterFork(processCount: number, run: string): Fork {
  const exec = process.argv[1]
  if (exec === undefined) {
    throw new HoldlineError('ERR_WORKER_START', 'the program was not started from a file')
  }
  cluster.setupPrimary({ exec, args: process.argv.slice(2), execArgv: process.execArgv })
  // What one worker gives a line, the others must believe.
  const secret = process.env[SECRET_VARIABLE] ?? randomBytes(32).toString('base64url')
  return (workerId, events) => {
    const place = JSON.stringify({ workerId, processCount, run })
    const worker = cluster.fork({ [WORKER_VARIABLE]: place, [SECRET_VARIABLE]: secret })
    let how = ''
    let isDisconnected = false
    const endedWhenBoth = (): void => {
      // The channel may hold messages that the process sent before it ended.
      if (how !== '' && isDisconnected) events.ended(how)
    }
    worker.on('message', (envelope: unknown) => {
      const message = unwrap<FromWorker>(envelope)
      if (message !== null) events.said(message)
    })
    worker.process.once('disconnect', () => {
      isDisconnected = true
      endedWhenBoth()
    })
    worker.process.once('exit', (code, signal) => {
      how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`
      endedWhenBoth()
    })
    worker.on('error', (error) => {
      if (worker.process.pid !== undefined) return
      how = `could not be started: ${error.message}`
      isDisconnected = true
      endedWhenBoth()
    })
    return {
      pid: worker.process.pid ?? 0,
      send: (message) => {
        // One that has just died is told of by 'exit'.
        if (worker.process.connected) worker.process.send(wrap(message), () => {})
      },
      kill: () => void worker.process.kill('SIGKILL'),
    }
  }
}
