// How long to wait before the next attempt, and after which closes there is none. Pure; knows no timer.

/** How a line ended. Codes are those of RFC 6455 §7.4 and of the program (4000–4999). */
export interface CloseInfo {
  readonly code: number
  readonly reason: string
}

/** Bounds of the wait between attempts. */
export interface BackoffOptions {
  /** The first wait is at most this long; each further bound is twice the last. Default 500 ms. */
  readonly baseMs?: number
  /** No wait is longer than this, unless the server asked for more. Default 30,000 ms. */
  readonly capMs?: number
}

/**
 * Full jitter: anywhere between nothing and min(cap, base × 2^attempt), so that clients which lost their lines
 * together do not come back together. `random` gives [0, 1).
 */
export function backoffMs(
  attempt: number,
  { baseMs = 500, capMs = 30_000 }: BackoffOptions,
  random: () => number,
): number {
  return random() * Math.min(capMs, baseMs * 2 ** attempt)
}

/**
 * The wait that a server asks for in a close reason, such as `retry-after=5` (seconds), in milliseconds. A browser
 * hides the status and headers of a refused upgrade, so the close frame is the only place where it can see a hint.
 */
export function retryAfterMs({ reason }: CloseInfo): number {
  const seconds = /\bretry-after[=:] ?(\d{1,6})\b/i.exec(reason)?.[1] ?? 0
  // A server cannot make a client wait longer.
  const longestHintMs = 300_000
  return Math.min(longestHintMs, Number(seconds) * 1000)
}

/**
 * True where trying again makes sense. The server's word is final where it said that the conversation is over (1000),
 * that it will never take what this client speaks (1003, 1010), that the client may not (1008, 3000 Unauthorized, 3003
 * Forbidden of the IANA registry), or anything of the program's own (4000–4999).
 */
export function worthRetrying({ code }: CloseInfo): boolean {
  return !/^(1000|1003|1008|1010|3000|3003|4...)$/.test(`${code}`)
}
