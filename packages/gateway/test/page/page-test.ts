// One running gateway and one room for the tests of a part of the page.

import { after, before } from 'node:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { enter, openPage } from '../browser.ts'
import { startCommand } from '../command.ts'

let url = ''
const ends: (() => unknown)[] = []

before(async () => {
  ;({ url } = await startCommand({ after: (end) => void ends.push(end as () => unknown) }, []))
})
after(async () => {
  for (const end of ends) await end()
})

/** The address of the gateway, with a room that nobody else uses. */
export function addressOf(room: string): string {
  return `${url}/#${room}`
}

/** A page in a room. */
export async function pageInRoom(
  name: string,
  room: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const page = await openPage(addressOf(room), options)
  await enter(page, name)
  return page
}
