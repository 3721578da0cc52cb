// Finds the imports of a TypeScript module by its tokens. Knows strings, templates, comments and regular
// expressions well enough not to be fooled by them; it must not know what a layer is.

export interface Import {
  readonly specifier: string
  /** `import type` and `export type … from`: gone when the types are stripped. */
  readonly typeOnly: boolean
  readonly line: number
}

interface Token {
  readonly kind: 'word' | 'string' | 'template' | 'regex' | 'mark'
  readonly text: string
  readonly line: number
}

// After these words a slash begins a regular expression; after any other word it divides.
const beforeRegex = new Set(
  'return typeof instanceof in of new delete void throw case do else await yield'.split(' '),
)

/** Every import, re-export and literal `import()` of a module, in order. */
export function importsOf(source: string): Import[] {
  const tokens = tokenize(source)
  const found: Import[] = []
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!
    if (token.kind !== 'word' || tokens[at - 1]?.text === '.') continue
    const add = (specifier: Token | undefined, typeOnly: boolean): void => {
      if (specifier?.kind === 'string') {
        found.push({ specifier: specifier.text, typeOnly, line: token.line })
      }
    }
    const next = tokens[at + 1]
    if (token.text === 'import') {
      if (next?.kind === 'string') add(next, false)
      else if (next?.text === '(') add(tokens[at + 2], false)
      else if (next !== undefined && next.text !== '.' && next.text !== ':') {
        const typeOnly = next.text === 'type' && !isMark(tokens[at + 2], ',', 'from')
        add(afterFrom(tokens, at + 1), typeOnly)
      }
    } else if (token.text === 'export') {
      const typeOnly = next?.text === 'type'
      const opening = tokens[at + (typeOnly ? 2 : 1)]
      if (isMark(opening, '{', '*')) add(afterFrom(tokens, at + 1), typeOnly)
    }
  }
  return found
}

function isMark(token: Token | undefined, ...texts: string[]): boolean {
  return token !== undefined && token.kind !== 'string' && texts.includes(token.text)
}

/** The string behind the `from` of the clause that begins at `at`; nothing where the statement has none. */
function afterFrom(tokens: readonly Token[], at: number): Token | undefined {
  let depth = 0
  for (let i = at; i < tokens.length; i++) {
    const token = tokens[i]!
    if (token.text === '{' && token.kind === 'mark') depth++
    else if (token.text === '}' && token.kind === 'mark') {
      depth--
      // `export { a }` without a `from` ends here.
      if (depth === 0 && tokens[i + 1]?.text !== 'from') return undefined
    } else if (depth === 0 && token.text === 'from' && tokens[i + 1]?.kind === 'string') {
      return tokens[i + 1]
    } else if (depth === 0 && isMark(token, ';', '=', '(')) return undefined
  }
  return undefined
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  // One entry per open `${`: how many braces are open inside it.
  const templates: number[] = []
  let line = 1
  let at = 0

  const push = (kind: Token['kind'], text: string, startLine: number): void => {
    tokens.push({ kind, text, line: startLine })
  }
  const take = (end: number): string => {
    const text = source.slice(at, end)
    for (const character of text) if (character === '\n') line++
    at = end
    return text
  }
  const template = (): void => {
    const start = line
    const end = templateEnd(source, at + 1)
    const text = take(end)
    if (text.endsWith('${')) templates.push(0)
    push('template', text, start)
  }

  while (at < source.length) {
    const start = line
    const character = source[at]!
    if (/\s/.test(character)) take(at + 1)
    else if (source.startsWith('//', at) || (at === 0 && source.startsWith('#!'))) {
      const end = source.indexOf('\n', at)
      take(end < 0 ? source.length : end)
    } else if (source.startsWith('/*', at)) {
      const end = source.indexOf('*/', at + 2)
      take(end < 0 ? source.length : end + 2)
    } else if (character === "'" || character === '"') {
      push('string', take(quotedEnd(source, at)).slice(1, -1), start)
    } else if (character === '`') template()
    else if (character === '}' && templates.at(-1) === 0) {
      templates.pop()
      template()
    } else if (/[\p{ID_Start}$_#\d]/u.test(character)) {
      push(
        'word',
        take(at + /^[\p{ID_Continue}$#]+/u.exec(source.slice(at, at + 200))![0].length),
        start,
      )
    } else if (character === '/' && regexMayBegin(tokens.at(-1))) {
      push('regex', take(regexEnd(source, at)), start)
    } else {
      if (templates.length > 0 && character === '{') templates[templates.length - 1]! += 1
      if (templates.length > 0 && character === '}') templates[templates.length - 1]! -= 1
      push('mark', take(at + 1), start)
    }
  }
  return tokens
}

function regexMayBegin(previous: Token | undefined): boolean {
  if (previous === undefined) return true
  if (previous.kind === 'word') return beforeRegex.has(previous.text)
  return previous.kind === 'mark' && !/[)\]}]/.test(previous.text)
}

function quotedEnd(source: string, start: number): number {
  const quote = source[start]
  let at = start + 1
  while (at < source.length && source[at] !== quote && source[at] !== '\n') {
    at += source[at] === '\\' ? 2 : 1
  }
  return at + 1
}

/** Where the template text from `start` ends: behind its closing backtick or behind `${`. */
function templateEnd(source: string, start: number): number {
  let at = start
  while (at < source.length) {
    if (source[at] === '\\') at += 2
    else if (source[at] === '`') return at + 1
    else if (source.startsWith('${', at)) return at + 2
    else at++
  }
  return source.length
}

function regexEnd(source: string, start: number): number {
  let at = start + 1
  let inClass = false
  while (at < source.length && source[at] !== '\n') {
    const character = source[at]!
    if (character === '\\') at++
    else if (character === '[') inClass = true
    else if (character === ']') inClass = false
    else if (character === '/' && !inClass) return at + 1
    at++
  }
  return at
}
