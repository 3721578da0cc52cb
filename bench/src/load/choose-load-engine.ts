// Chooses what moves the generator's bytes: io_uring where the machine has it.
import type { LoadEngine } from './load-engine.ts'
import { NodeLoad } from './node-load.ts'

export async function chooseLoadEngine(): Promise<LoadEngine> {
  try {
    const { UringLoad } = await import('./uring-load.ts')
    return new UringLoad()
  } catch {
    // No node:ffi, or the kernel refuses. Which engine it was is in every report.
    return new NodeLoad()
  }
}
