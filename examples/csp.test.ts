// The auction is started as its reader would, and bid in.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'

class Bidder {
  readonly #line: WebSocket
  readonly #heard: string[] = []
  #arrived = (): void => {}

  constructor(url: string) {
    this.#line = new WebSocket(url)
    this.#line.on('message', (data: Buffer) => {
      this.#heard.push(data.toString())
      this.#arrived()
    })
  }

  bid(amount: number | string): void {
    this.#line.send(String(amount))
  }

  async hears(): Promise<string> {
    while (this.#heard.length === 0) {
      await new Promise<void>((resolve) => (this.#arrived = resolve))
    }
    return this.#heard.shift()!
  }

  async leaves(): Promise<void> {
    this.#line.close(1000)
    await once(this.#line, 'close')
  }
}

test('csp: an auction', async () => {
  const file = fileURLToPath(new URL('./csp.ts', import.meta.url))
  const child = spawn(process.execPath, ['-C', 'source', file], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    let url = ''
    for await (const line of createInterface(child.stdout)) {
      if (!line.startsWith('http://')) continue
      url = `${line.replace('http', 'ws')}/auction`
      break
    }
    const [ann, bob] = [new Bidder(url), new Bidder(url)]
    for (const bidder of [ann, bob]) assert.equal(await bidder.hears(), 'highest bid: 0')
    ann.bid(10)
    for (const bidder of [ann, bob]) assert.equal(await bidder.hears(), 'highest bid: 10')
    bob.bid(7)
    assert.equal(await bob.hears(), 'bid more than 10')
    bob.bid('much')
    assert.equal(await bob.hears(), 'bid more than 10')
    await ann.leaves()
    bob.bid(11)
    assert.equal(await bob.hears(), 'highest bid: 11')
    const late = new Bidder(url)
    assert.equal(await late.hears(), 'highest bid: 11')
    await Promise.all([bob.leaves(), late.leaves()])
  } finally {
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
})
