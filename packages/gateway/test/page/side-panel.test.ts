import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pageInRoom } from './page-test.ts'

test('you stand first, then the others by name, and all are counted', async () => {
  await pageInRoom('Cy', 'order')
  await pageInRoom('Ada', 'order')
  const bo = await pageInRoom('Bo', 'order')
  await bo.locator('#people li').nth(2).waitFor()
  assert.deepEqual(await bo.locator('#people li > span').allTextContents(), ['Bo', 'Ada', 'Cy'])
  assert.equal(await bo.locator('#people-count').textContent(), '3')
})

test('every colour of a name is readable, in light and dark: contrast of 4.5 and more', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await pageInRoom('Ada', 'colours', { colorScheme })
    const lowest = await page.evaluate(() => {
      const canvas = document.createElement('canvas').getContext('2d', {
        willReadFrequently: true,
      }) as CanvasRenderingContext2D
      const luminance = (color: string): number => {
        canvas.fillStyle = color
        canvas.fillRect(0, 0, 1, 1)
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => {
          const value = part / 255
          return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
        }) as [number, number, number]
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
      }
      const ground = luminance(getComputedStyle(document.body).backgroundColor)
      const turn = document.createElement('li')
      const who = document.createElement('span')
      turn.className = 'turn'
      who.className = 'who'
      turn.append(who)
      document.querySelector('#turns')?.append(turn)
      let lowest = Infinity
      for (let hue = 0; hue < 360; hue += 5) {
        turn.style.setProperty('--hue', String(hue))
        const name = luminance(getComputedStyle(who).color)
        const contrast = (Math.max(name, ground) + 0.05) / (Math.min(name, ground) + 0.05)
        lowest = Math.min(lowest, contrast)
      }
      return lowest
    })
    assert.ok(lowest >= 4.5, `${colorScheme}: ${lowest}`)
  }
})

test('on a phone it is a sheet: opened, out of the way of the keyboard when closed', async () => {
  const page = await pageInRoom('Ada', 'sheet', { viewport: { width: 360, height: 640 } })
  assert.equal(await page.locator('#side').isVisible(), false)
  await page.locator('#open-side').click()
  assert.equal(await page.locator('#open-side').getAttribute('aria-expanded'), 'true')
  assert.equal(await page.locator('#people').isVisible(), true)
  await page.locator('#veil').click({ position: { x: 5, y: 300 } })
  await page.locator('#side').waitFor({ state: 'hidden' })
  assert.equal(await page.locator('main').evaluate((main) => (main as HTMLElement).inert), false)
  // Nothing is wider than the phone.
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360)
})
