// Signals of the process, for the backends that live in it.

/** Calls `f` for each `name`, from Node's loop; the result ends that. @throws for a signal that cannot be caught */
export function onProcessSignal(name: NodeJS.Signals, f: () => void): () => void {
  process.on(name, f)
  return () => void process.off(name, f)
}
