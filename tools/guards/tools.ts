// The guards of the tools themselves.
import type { Guard } from '../guards.ts'

export const guards: readonly Guard[] = [
  {
    without: 'a package may reach into the files of another',
    file: 'tools/layers.ts',
    snippet: "if (!file.startsWith('tools/')) refuse(`reaches into another package: ${specifier}`)",
    tests: ['tools/layers.test.ts'],
  },
  {
    without: 'files may import one another in a ring',
    file: 'tools/layers.ts',
    snippet: "if (state.get(to) === 'open') {",
    replacement: 'if (to === undefined) {',
    tests: ['tools/layers.test.ts'],
  },
  {
    without: 'the values of a module may be imported where only its types may',
    file: 'tools/layers.ts',
    snippet: '(typeOnly && layer?.nodeTypes',
    replacement: '(layer?.nodeTypes',
    tests: ['tools/layers.test.ts'],
  },
  {
    without: 'text in a template looks like an import',
    file: 'tools/imports.ts',
    snippet: "} else if (character === '`') template()",
    replacement: "} else if (character === '`') take(at + 1)",
    tests: ['tools/imports.test.ts'],
  },
]
