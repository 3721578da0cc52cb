// How a program's listeners are called. Knows nothing of what they listen to.

/** A listener that throws is reported as uncaught, as listeners of the platform are, and upsets nothing here. */
export function guard(listener: () => void): void {
  try {
    listener()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
