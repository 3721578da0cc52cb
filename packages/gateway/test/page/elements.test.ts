import assert from 'node:assert/strict'
import { test } from 'node:test'
import type * as elements from '../../src/page/elements.ts'
import { openPage } from '../browser.ts'
import { addressOf } from './page-test.ts'

test('arrange keeps elements that stay, in the new order; text is never markup', async () => {
  const page = await openPage(addressOf('lobby'))
  const result = await page.evaluate(async () => {
    const path = '/assets/page/elements.js'
    const { arrange, find, make } = (await import(path)) as typeof elements
    const list = make('ul')
    const create = (key: string): HTMLElement => make('li', 'item', `<b>${key}</b>`)
    const [a, b] = arrange(list, ['a', 'b'], create)
    const [c, again] = arrange(list, ['c', 'a'], create)
    let missing = ''
    try {
      find('nowhere', HTMLElement)
    } catch (error) {
      missing = String(error)
    }
    return {
      kept: a === again,
      removed: b?.isConnected === false && b.parentElement === null,
      order: [...list.children].map((child) => child.textContent).join(),
      markup: c?.children.length,
      missing,
    }
  })
  assert.deepEqual(result, {
    kept: true,
    removed: true,
    order: '<b>c</b>,<b>a</b>',
    markup: 0,
    missing: 'Error: The page has no HTMLElement #nowhere',
  })
})
