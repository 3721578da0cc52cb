// The chat over several workers: people of one room sit on different workers, and a worker can die.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { connect } from 'holdline-client'
import type { Client } from 'holdline-client'
import type { ChatIn, ChatOut } from '../src/chat/chat-contract.ts'
import { Roster } from '../src/chat/roster.ts'
import { startCommand } from './command.ts'

/** A page without a page: what it knows of the room, and a way to wait for it. */
class Visitor {
  readonly name: string
  readonly client: Client<ChatIn, ChatOut>
  roster = new Roster()
  readonly texts: string[] = []
  #seat = 0
  #waiting: (() => void)[] = []

  constructor(url: string, name: string) {
    this.name = name
    const key = crypto.randomUUID()
    this.client = connect<{ in: ChatIn; out: ChatOut }>(`${url.replace('http', 'ws')}/chat`, {
      format: 'json',
      backoff: { baseMs: 100, capMs: 1000 },
      onState: (state) => {
        if (state !== 'open') return
        this.roster = new Roster()
        this.client.send({ type: 'join', room: 'lobby', name, key, seat: ++this.#seat })
      },
      onMessage: (message) => {
        if (message.type === 'welcome') for (const person of message.people) this.roster.put(person)
        if (message.type === 'joined' || message.type === 'renamed') this.roster.put(message.person)
        if (message.type === 'left') this.roster.remove(message)
        if (message.type === 'said') this.texts.push(message.text)
        for (const look of this.#waiting.splice(0)) look()
      },
    })
  }

  get names(): string[] {
    return this.roster.people.map(({ name }) => name).toSorted()
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const deadlineMs = Date.now() + 20_000
    while (!holds()) {
      assert.ok(
        Date.now() < deadlineMs,
        `${this.name} waits for ${what}, sees ${this.names.join()}`,
      )
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
        setTimeout(resolve, 200)
      })
    }
  }
}

async function roomOf(
  context: TestContext,
  count: number,
): Promise<{ visitors: Visitor[]; url: string; pid: number }> {
  const { url, process: supervisor } = await startCommand(context, ['--processes', '2'])
  const visitors = Array.from({ length: count }, (_, index) => new Visitor(url, `P${index}`))
  context.after(() => {
    for (const { client } of visitors) client.close()
  })
  return { visitors, url, pid: supervisor.pid as number }
}

const everyone = (visitors: readonly Visitor[]): string =>
  visitors
    .map(({ name }) => name)
    .toSorted()
    .join()

/** The workers of a supervisor, by the parent that the kernel names. */
function workersOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => {
      try {
        const stat = readFileSync(`/proc/${child}/stat`, 'utf8')
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid
      } catch {
        return false
      }
    })
}

test('two workers: everyone sees everyone, and hears everyone once', async (context) => {
  const { visitors } = await roomOf(context, 8)
  const all = everyone(visitors)
  for (const visitor of visitors) {
    await visitor.until('everyone', () => visitor.names.join() === all)
  }
  for (const { client, name } of visitors) {
    assert.equal(client.send({ type: 'say', id: name, text: `from ${name}` }), 'sent')
  }
  const wanted = visitors.map(({ name }) => `from ${name}`).toSorted()
  for (const visitor of visitors) {
    await visitor.until('all messages', () => visitor.texts.length >= wanted.length)
    assert.deepEqual(visitor.texts.toSorted(), wanted)
  }
})

test('a worker is killed: its people come back by themselves, and those who do not are gone', async (context) => {
  const { visitors, pid } = await roomOf(context, 8)
  const all = everyone(visitors)
  for (const visitor of visitors) {
    await visitor.until('everyone', () => visitor.names.join() === all)
  }
  const workers = workersOf(pid)
  assert.equal(workers.length, 2)
  // One who sits on the worker that dies closes at that moment, so nobody but the others can tell that they are gone.
  const lost = new Set<Visitor>()
  const [victim] = workers
  process.kill(victim as number, 'SIGKILL')
  await Promise.all(
    visitors.map(async (visitor) => {
      const deadlineMs = Date.now() + 1500
      while (visitor.client.state === 'open' && Date.now() < deadlineMs) {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      if (visitor.client.state !== 'open') lost.add(visitor)
    }),
  )
  const gone = [...lost][0]
  gone?.client.close()
  const left = visitors.filter((visitor) => visitor !== gone)
  const remaining = everyone(left)
  for (const visitor of left) {
    await visitor.until('those who are left', () => visitor.names.join() === remaining)
  }
  context.diagnostic(`${lost.size} of ${visitors.length} sat on the worker that was killed`)
})
