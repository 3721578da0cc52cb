// What the signals of the operating system ask of a server.

export interface SignalActions {
  /** SIGTERM and SIGINT: ends in good order; the process exits when it resolves. */
  stop(): Promise<void>
  /** The same again: the process exits at once. */
  abandon(): void
  /** SIGHUP. Not set: the signal is left alone. */
  readonly reload?: () => void
}

const STOPPING = [
  ['SIGTERM', 15],
  ['SIGINT', 2],
] as const

/** Returns how to leave the signals alone again. */
export function handleSignals(actions: SignalActions): () => void {
  let isStopping = false
  const undo: (() => void)[] = []
  const on = (signal: NodeJS.Signals, f: () => void): void => {
    process.on(signal, f)
    undo.push(() => process.off(signal, f))
  }
  for (const [signal, number] of STOPPING) {
    on(signal, () => {
      if (isStopping) {
        actions.abandon()
        process.exit(128 + number)
      }
      isStopping = true
      void actions.stop().then(() => process.exit())
    })
  }
  const { reload } = actions
  if (reload !== undefined) on('SIGHUP', () => isStopping || reload())
  return () => {
    for (const f of undo) f()
  }
}
