// Reads what Linux says about a process and all that it started, under /proc. The parsers are pure.
import { readdir, readFile } from 'node:fs/promises'

/** Linux counts process times in USER_HZ, which is 100 on every architecture it exports to user space. */
const tickUs = 10_000

export interface CpuTime {
  readonly userUs: number
  readonly systemUs: number
}

export interface ResidentMemory {
  readonly rssBytes: number
  readonly pssBytes: number
}

export interface ProcessStat extends CpuTime {
  readonly parentPid: number
}

/** Of the process, of all that came from it and live, and of those that ended and were waited for. */
export async function readCpuTime(pid: number): Promise<CpuTime> {
  let userUs = 0
  let systemUs = 0
  for (const stat of (await readTree(pid)).values()) {
    userUs += stat.userUs
    systemUs += stat.systemUs
  }
  return { userUs, systemUs }
}

/**
 * The exact sum over the mappings of the process and of all that came from it; VmRSS in /proc/<pid>/status is a
 * counter that lags behind per core. What processes share counts once for each in `rssBytes`.
 */
export async function readResidentMemory(pid: number): Promise<ResidentMemory> {
  let rssBytes = 0
  let pssBytes = 0
  for (const each of (await readTree(pid)).keys()) {
    const memory = parseSmapsRollup(await readFile(`/proc/${each}/smaps_rollup`, 'latin1'))
    rssBytes += memory.rssBytes
    pssBytes += memory.pssBytes
  }
  return { rssBytes, pssBytes }
}

/** Open descriptors of the process and of all that came from it. */
export async function readDescriptorCount(pid: number): Promise<number> {
  let count = 0
  for (const each of (await readTree(pid)).keys()) {
    count += (await readdir(`/proc/${each}/fd`)).length
  }
  return count
}

/** @throws Error when the process itself is not there */
async function readTree(pid: number): Promise<Map<number, ProcessStat>> {
  const tree = new Map([[pid, parseStat(await readFile(`/proc/${pid}/stat`, 'latin1'))]])
  const others = new Map<number, ProcessStat>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === pid) continue
    // A process may end while it is being looked at.
    const text = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => '')
    if (text !== '') others.set(Number(name), parseStat(text))
  }
  for (let grows = true; grows;) {
    grows = false
    for (const [each, stat] of others) {
      if (!tree.has(stat.parentPid)) continue
      tree.set(each, stat)
      others.delete(each)
      grows = true
    }
  }
  return tree
}

/** proc_pid_stat(5): ppid is field 4, utime to cstime are 14 to 17; field 2 may hold spaces and parentheses. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const at = (field: number): number => Number(fields[field - 3])
  const userTicks = at(14) + at(16)
  const systemTicks = at(15) + at(17)
  if (!Number.isFinite(userTicks) || !Number.isFinite(systemTicks)) {
    throw new Error(`/proc/<pid>/stat has no utime and stime: ${text.slice(0, 80)}`)
  }
  return { parentPid: at(4), userUs: userTicks * tickUs, systemUs: systemTicks * tickUs }
}

export function parseSmapsRollup(text: string): ResidentMemory {
  return { rssBytes: kibField(text, 'Rss') * 1024, pssBytes: kibField(text, 'Pss') * 1024 }
}

function kibField(text: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)
  if (found === null) throw new Error(`/proc/<pid>/smaps_rollup has no ${name}`)
  return Number(found[1])
}
