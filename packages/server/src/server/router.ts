// From a request's path to a route. Paths are matched segment by segment, exactly; `:name` stands for one
// segment. A path without parameters wins over one with.

import { HoldlineError } from '../protocol/errors.ts'

type Params = Readonly<Record<string, string>>

export interface Match<T> {
  readonly value: T
  readonly params: Params
}

interface Pattern<T> {
  readonly path: string
  readonly segments: readonly string[]
  readonly value: T
}

const NO_PARAMS: Params = Object.freeze(Object.create(null) as Record<string, string>)

export class Router<T> {
  readonly #exact = new Map<string, T>()
  readonly #patterns: Pattern<T>[] = []

  /** @throws HoldlineError ERR_ROUTE_INVALID */
  add(path: string, value: T): void {
    checkPath(path)
    const segments = path.split('/')
    if (!path.includes('/:')) {
      if (this.#exact.has(path))
        throw new HoldlineError('ERR_ROUTE_INVALID', `${path} stands twice`)
      this.#exact.set(path, value)
      return
    }
    const shape = shapeOf(segments)
    const twin = this.#patterns.find((pattern) => shapeOf(pattern.segments) === shape)
    if (twin) throw new HoldlineError('ERR_ROUTE_INVALID', `${path} is the same as ${twin.path}`)
    this.#patterns.push({ path, segments, value })
  }

  /** `target` is the request target: path and query. null: no route, or a path that cannot be decoded. */
  match(target: string): Match<T> | null {
    const query = target.indexOf('?')
    const path = query < 0 ? target : target.slice(0, query)
    const exact = this.#exact.get(path)
    if (exact !== undefined) return { value: exact, params: NO_PARAMS }
    if (this.#patterns.length === 0) return null
    const segments = path.split('/')
    for (const pattern of this.#patterns) {
      const params = matchSegments(pattern.segments, segments)
      if (params !== null) return { value: pattern.value, params }
    }
    return null
  }
}

function checkPath(path: string): void {
  const isPlain = path.startsWith('/') && !/[?#\s*]/.test(path)
  const names = path.split('/').filter((segment) => segment.includes(':'))
  const areParameters = names.every((segment) => /^:[A-Za-z_][A-Za-z0-9_]*$/.test(segment))
  if (!isPlain || !areParameters || new Set(names).size !== names.length) {
    throw new HoldlineError('ERR_ROUTE_INVALID', JSON.stringify(path))
  }
}

function shapeOf(segments: readonly string[]): string {
  return segments.map((segment) => (segment.startsWith(':') ? ':' : segment)).join('/')
}

function matchSegments(pattern: readonly string[], segments: readonly string[]): Params | null {
  if (pattern.length !== segments.length) return null
  const params: Record<string, string> = Object.create(null) as Record<string, string>
  for (let i = 0; i < pattern.length; i++) {
    const wanted = pattern[i]!
    const segment = segments[i]!
    if (!wanted.startsWith(':')) {
      if (wanted !== segment) return null
      continue
    }
    const value = decode(segment)
    if (value === null || value === '') return null
    params[wanted.slice(1)] = value
  }
  return params
}

function decode(segment: string): string | null {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}
