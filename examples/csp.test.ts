// The auction is started as its reader would, and bid in.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { withExample } from './run-example.ts'

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

test('csp: an auction', () =>
  withExample('csp', async (at) => {
    const url = `${at}/auction`
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
  }))
