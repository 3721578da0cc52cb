// What a guard is, and how the tables in tools/guards/ write it down.

/** A bound, check or refusal, how to take it out, and the tests that must notice. */
export interface Guard {
  /** What it guards against, as the end of the sentence "Without it …". */
  readonly without: string
  /** The source file, counted from the root. */
  readonly file: string
  /** The code of the guard; it must be there exactly once. */
  readonly snippet: string
  /** What stands there when the guard is gone; nothing by default. */
  readonly replacement?: string
  /** The test files that run, counted from the root. */
  readonly tests: readonly string[]
  /** Narrows what runs in them to names that match. */
  readonly only?: string
}

/** A guard of one file: what is without it, its code, and what stands there when it is gone. */
export type Row = readonly [without: string, snippet: string, replacement?: string]

/** The guards of one file that the same tests cover. */
export function guardsOf(
  file: string,
  tests: readonly string[],
  rows: readonly Row[],
  only?: string,
): Guard[] {
  return rows.map(([without, snippet, replacement = '']) => ({
    without,
    file,
    snippet,
    replacement,
    tests,
    ...(only !== undefined && { only }),
  }))
}
