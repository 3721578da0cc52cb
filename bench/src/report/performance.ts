import type { Report } from './results.ts'
export function writePerformance(_report: Report, _root: string): string[] {
  return []
}
