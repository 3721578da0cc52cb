// Which engine runs here, and why.

import type { Engine } from '../connection/engine.ts'
import { NodeEngine } from '../engines/node/node-engine.ts'
import { whyNotUring } from '../engines/uring/self-test.ts'
import { UringEngine } from '../engines/uring/uring-engine.ts'
import { HoldlineError } from '../protocol/errors.ts'
import { engineNames } from './options.ts'
import type { EngineName, ResolvedOptions } from './options.ts'

export interface ChosenEngine {
  readonly name: string
  readonly reason: string
  readonly engine: Engine
}

/** What the choice depends on beside the machine. */
export interface EngineNeeds {
  readonly isEncrypted: boolean
  /** The value of HOLDLINE_ENGINE: what an operator wants where the program leaves the choice open. */
  readonly operator?: string | undefined
}

/** The engine for a server with these options. @throws HoldlineError as `chooseEngine` */
export function engineFor({ engine, listen }: ResolvedOptions): Promise<ChosenEngine> {
  const { HOLDLINE_ENGINE: operator } = process.env
  return chooseEngine(engine, { isEncrypted: listen.tls !== undefined, operator })
}

/** What is logged, once. */
export function engineLine({ name, reason }: Pick<ChosenEngine, 'name' | 'reason'>): string {
  return `holdline: engine ${name} (${reason})`
}

/** @throws HoldlineError ERR_ENGINE_UNAVAILABLE, ERR_OPTION_INVALID */
export async function chooseEngine(
  wanted: EngineName | Engine,
  needs: EngineNeeds,
): Promise<ChosenEngine> {
  if (typeof wanted !== 'string') {
    return { name: wanted.name, reason: 'given by the program', engine: wanted }
  }
  const byOperator = wanted === 'auto' ? operatorsChoice(needs.operator) : null
  const name = byOperator ?? wanted
  const asked = byOperator === null ? 'asked for' : 'asked for by HOLDLINE_ENGINE'
  if (name === 'node') return node(asked)
  const reason = needs.isEncrypted
    ? 'TLS is asked for, which it does not have'
    : await whyNotUring()
  if (reason === null) return uring(name === 'auto' ? 'the fastest, and it runs here' : asked)
  if (name === 'uring' && byOperator === null) {
    throw new HoldlineError('ERR_ENGINE_UNAVAILABLE', `uring: ${reason}`)
  }
  return node(`not uring: ${reason}`)
}

function node(reason: string): ChosenEngine {
  return { name: 'node', reason, engine: new NodeEngine() }
}

function uring(reason: string): ChosenEngine {
  return { name: 'uring', reason, engine: new UringEngine() }
}

function operatorsChoice(value: string | undefined): EngineName | null {
  if (value === undefined || value === '' || value === 'auto') return null
  const name = engineNames.find((known) => known === value)
  if (name !== undefined) return name
  const detail = `HOLDLINE_ENGINE is ${JSON.stringify(value)}, not one of ${engineNames.join(', ')}`
  throw new HoldlineError('ERR_OPTION_INVALID', detail)
}
