// The example of actors is started as its reader would, and used.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { open, withExample } from './run-example.ts'

interface Said {
  readonly from: string
  readonly text: string
}

async function guest(url: string): Promise<{
  say(text: string): void
  hears(from: string, text: string): Promise<void>
  leave(): void
}> {
  const line = await open(url)
  const heard: Said[] = []
  let arrived = (): void => {}
  line.on('message', (data: Buffer) => {
    heard.push(JSON.parse(data.toString()) as Said)
    arrived()
  })
  return {
    say: (text) => line.send(JSON.stringify({ room: 'tea', text })),
    hears: async (from, text) => {
      while (heard.length === 0) await new Promise<void>((resolve) => (arrived = resolve))
      assert.deepEqual(heard.shift(), { from, text })
    },
    leave: () => line.close(),
  }
}

test('actors', () =>
  withExample('actors', async (url) => {
    const ann = await guest(`${url}/chat?name=ann`)
    ann.say('hi')
    await ann.hears('tea', '1 here')
    await ann.hears('ann', 'hi')
    const bob = await guest(`${url}/chat?name=bob`)
    bob.say('hello')
    await bob.hears('tea', '2 here')
    await bob.hears('bob', 'hello')
    await ann.hears('bob', 'hello')
    for (const each of [ann, bob]) each.leave()
  }))
