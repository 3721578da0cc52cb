// How much memory the kernel itself uses: its object caches and the buffers of TCP. Of the whole machine; only
// differences say something. The parsers are pure.
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

const pageBytes = 4096

export interface KernelMemory {
  readonly bytes: number
  /** Where the figure of the object caches is from. */
  readonly source: 'slabinfo' | 'meminfo'
}

/**
 * Objects in use from /proc/slabinfo, which only root may read; else all slabs from /proc/meminfo, which the kernel
 * does not give back at once. With it the pages of TCP's buffers from /proc/net/sockstat.
 */
export async function readKernelMemory(): Promise<KernelMemory> {
  const bufferBytes = parseSockstat(await readFile('/proc/net/sockstat', 'latin1'))
  const slabs = await readFile('/proc/slabinfo', 'latin1').catch(() => '')
  if (slabs !== '') return { bytes: bufferBytes + parseSlabinfo(slabs), source: 'slabinfo' }
  const meminfo = await readFile('/proc/meminfo', 'latin1')
  return { bytes: bufferBytes + parseMeminfo(meminfo), source: 'meminfo' }
}

const steadyBytes = 65_536
const steadyMs = 300
const patienceMs = 5000

/** As `readKernelMemory`, once the kernel has given back what processes that ended held: it does so a little later. */
export async function readSteadyKernelMemory(): Promise<KernelMemory> {
  const deadline = performance.now() + patienceMs
  let last = await readKernelMemory()
  for (;;) {
    await delay(steadyMs)
    const memory = await readKernelMemory()
    const isSteady = Math.abs(memory.bytes - last.bytes) <= steadyBytes
    if (isSteady || performance.now() > deadline) return memory
    last = memory
  }
}

/** slabinfo(5): name, active objects, objects, object size, … */
export function parseSlabinfo(text: string): number {
  let bytes = 0
  for (const line of text.split('\n')) {
    const [name = '', active, , size] = line.split(/\s+/)
    if (name === '' || name === '#' || name === 'slabinfo') continue
    const objectBytes = Number(active) * Number(size)
    if (Number.isFinite(objectBytes)) bytes += objectBytes
  }
  return bytes
}

export function parseMeminfo(text: string): number {
  return Number(/^Slab:\s+(\d+) kB$/m.exec(text)?.[1] ?? Number.NaN) * 1024
}

export function parseSockstat(text: string): number {
  return Number(/^TCP:.* mem (\d+)/m.exec(text)?.[1] ?? Number.NaN) * pageBytes
}
