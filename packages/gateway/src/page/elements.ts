// The page's elements, by id and type. All text goes in as text, never as markup.

type Constructor<Type> = new () => Type

/**
 * The element with this id.
 * @throws Error if it is missing or of another type: the page and its scripts do not belong together.
 */
export function find<Type extends Element>(id: string, type: Constructor<Type>): Type {
  const element = document.getElementById(id)
  if (element instanceof type) return element
  throw new Error(`The page has no ${type.name} #${id}`)
}

/** A new element with a class and text. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className = '',
  text = '',
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name)
  if (className) element.className = className
  if (text) element.textContent = text
  return element
}

/** Sets only what differs, so that a screen reader is not told the same again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/**
 * Makes the children of `parent` those that `keys` name, in that order. Elements that stay are not touched, so focus,
 * selection and what is read aloud are left alone. Each child carries its key in `data-key`.
 */
export function arrange(
  parent: Element,
  keys: readonly string[],
  create: (key: string, index: number) => HTMLElement,
): HTMLElement[] {
  const known = new Map<string, HTMLElement>()
  for (const child of parent.children) {
    if (child instanceof HTMLElement) known.set(child.dataset['key'] ?? '', child)
  }
  const children = keys.map((key, index) => {
    const child = known.get(key) ?? create(key, index)
    child.dataset['key'] = key
    known.delete(key)
    return child
  })
  for (const stale of known.values()) stale.remove()
  for (const [index, child] of children.entries()) {
    const current = parent.children[index]
    if (current !== child) parent.insertBefore(child, current ?? null)
  }
  return children
}
