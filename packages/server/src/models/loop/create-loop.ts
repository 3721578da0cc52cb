// Chooses the backend of a loop.

import type { Clock } from '../../connection/clock.ts'
import { HoldlineError } from '../../protocol/errors.ts'
import { invalid } from './address.ts'
import { EpollKernel } from './epoll-kernel.ts'
import { EventLoop } from './event-loop.ts'
import { Backend } from './kernel.ts'
import type { Kernel } from './kernel.ts'
import type { Loop, LoopOptions } from './loop.ts'
import { whyNoEpoll } from './native.ts'
import { NetKernel } from './net-kernel.ts'
import { SimKernel } from './sim-kernel.ts'

/** @throws HoldlineError ERR_LOOP_BACKEND where the backend cannot run; ERR_OPTION_INVALID */
export function createLoop(options: LoopOptions = {}): Loop {
  const { kernel, reason } = choose(options)
  return new EventLoop({
    kernel,
    reason,
    clock: options.clock ?? options.network?.clock ?? realClock,
    starts: options.starts ?? true,
    onError: options.onError ?? ((error) => process.emitWarning(error)),
  })
}

interface Choice {
  readonly kernel: Kernel
  readonly reason: string
}

function choose({ backend, network }: LoopOptions): Choice {
  if (backend === Backend.SIM) {
    if (network === undefined) throw invalid('network', 'the backend sim needs a SimNetwork')
    return { kernel: new SimKernel(network), reason: 'it was asked for' }
  }
  if (network !== undefined) throw invalid('network', 'only the backend sim has one')
  if (backend === Backend.NET) return { kernel: new NetKernel(), reason: 'it was asked for' }
  if (backend !== undefined && backend !== Backend.EPOLL) throw invalid('backend', backend)
  const why = whyNoEpoll()
  if (why === null) {
    try {
      const reason = backend === undefined ? 'node:ffi (experimental) is there' : 'it was asked for'
      return { kernel: new EpollKernel(), reason }
    } catch (cause) {
      if (backend === undefined) return { kernel: new NetKernel(), reason: String(cause) }
      throw new HoldlineError('ERR_LOOP_BACKEND', 'epoll', { cause })
    }
  }
  if (backend === undefined) return { kernel: new NetKernel(), reason: why }
  throw new HoldlineError('ERR_LOOP_BACKEND', why)
}

const realClock: Clock = {
  now: () => performance.now(),
  setTimer: (ms, f) => {
    const timer = setTimeout(f, ms)
    return () => clearTimeout(timer)
  },
  atTurnEnd: (f) => void setImmediate(f),
}
