// Who waits until there is room: each is held back once, and all go on together. Knows no mailbox.

/** Who can be made to wait: a line that is not read, or another worker. */
export interface Holdable {
  holdBack(): void
  letGo(): void
}

export class HeldSenders {
  readonly #held = new Set<Holdable>()

  hold(sender: Holdable): void {
    if (this.#held.has(sender)) return
    this.#held.add(sender)
    sender.holdBack()
  }

  letAllGo(): void {
    // Whoever goes on may be held back again at once.
    const all = [...this.#held]
    this.#held.clear()
    for (const sender of all) sender.letGo()
  }
}
