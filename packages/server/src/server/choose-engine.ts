// Which engine runs here, and why.

import type { Engine } from '../connection/engine.ts'
import { NodeEngine } from '../engines/node/node-engine.ts'
import type { EngineName } from './options.ts'

export interface ChosenEngine {
  readonly name: string
  readonly reason: string
  readonly engine: Engine
}

export function chooseEngine(wanted: EngineName | Engine): ChosenEngine {
  if (typeof wanted !== 'string') {
    return { name: wanted.name, reason: 'given by the program', engine: wanted }
  }
  const reason = wanted === 'auto' ? 'runs everywhere' : 'asked for'
  return { name: 'node', reason, engine: new NodeEngine() }
}
