// The contract between the fuzz runner and what is fuzzed.

/** One parser under fuzz. Every file in targets/ exports one as `target`. */
export interface FuzzTarget {
  readonly name: string
  /** Well-formed and hostile inputs that mutation starts from. */
  readonly seeds: readonly Uint8Array[]
  /**
   * MUST be synchronous, MUST NOT change `input` and MUST NOT depend on earlier runs. Throws an error when an
   * invariant does not hold; a HoldlineError is the parser's good right.
   */
  run(input: Uint8Array): void
}
