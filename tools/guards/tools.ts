// The guards of the tools themselves.
import type { Guard } from '../guard.ts'
import { guardsOf } from '../guard.ts'

// What the tree is like at the moment says nothing about the check.
const madeUp = 'may|cycle|packages meet|outside'

export const guards: readonly Guard[] = [
  ...guardsOf(
    'tools/layers.ts',
    ['tools/layers.test.ts'],
    [
      [
        'a package may reach into the files of another',
        "if (!file.startsWith('tools/')) refuse(`reaches into another package: ${specifier}`)",
      ],
      [
        'files may import one another in a ring',
        "if (state.get(to) === 'open') {",
        'if (to === undefined) {',
      ],
      [
        'the values of a module may be imported where only its types may',
        '(typeOnly && layer?.nodeTypes',
        '(layer?.nodeTypes',
      ],
    ],
    madeUp,
  ),
  ...guardsOf(
    'tools/imports.ts',
    ['tools/imports.test.ts'],
    [
      [
        'text in a template looks like an import',
        "} else if (character === '`') template()",
        "} else if (character === '`') take(at + 1)",
      ],
    ],
  ),
]
