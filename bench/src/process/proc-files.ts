// Reads what Linux says about a process under /proc. The parsers are pure; the readers take a pid.
import { readFile } from 'node:fs/promises'

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

export async function readCpuTime(pid: number): Promise<CpuTime> {
  return parseStat(await readFile(`/proc/${pid}/stat`, 'latin1'))
}

/** The exact sum over the mappings; VmRSS in /proc/<pid>/status is a counter that lags behind per core. */
export async function readResidentMemory(pid: number): Promise<ResidentMemory> {
  return parseSmapsRollup(await readFile(`/proc/${pid}/smaps_rollup`, 'latin1'))
}

/** proc_pid_stat(5): utime and stime are fields 14 and 15; field 2 may hold spaces and parentheses. */
export function parseStat(text: string): CpuTime {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const userTicks = Number(fields[11])
  const systemTicks = Number(fields[12])
  if (!Number.isFinite(userTicks) || !Number.isFinite(systemTicks)) {
    throw new Error(`/proc/<pid>/stat has no utime and stime: ${text.slice(0, 80)}`)
  }
  return { userUs: userTicks * tickUs, systemUs: systemTicks * tickUs }
}

export function parseSmapsRollup(text: string): ResidentMemory {
  return { rssBytes: kibField(text, 'Rss') * 1024, pssBytes: kibField(text, 'Pss') * 1024 }
}

function kibField(text: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)
  if (found === null) throw new Error(`/proc/<pid>/smaps_rollup has no ${name}`)
  return Number(found[1])
}
