// An auction: one task owns it, each connection is a task, and channels are all that they share.
//   node -C source examples/csp.ts
import { serve } from 'holdline'
import { after, channel, select, task } from 'holdline/csp'
import type { Channel } from 'holdline/csp'

interface Bid {
  readonly amount: number
  readonly news: Channel<string>
}

const joining = channel<Channel<string>>()
const leaving = channel<Channel<string>>()
const bidding = channel<Bid>()

/** Only this task knows who is there and what was bid: no lock, and no half-done change to be seen. */
async function auctioneer(): Promise<never> {
  const audience = new Set<Channel<string>>()
  let highest = 0
  for (;;) {
    const event = await select({ joining, leaving, bidding })
    if (!event.ok) continue
    if (event.key === 'leaving') audience.delete(event.value)
    else if (event.key === 'joining') {
      audience.add(event.value)
      event.value.trySend(`highest bid: ${highest}`)
    } else if (event.value.amount > highest) {
      highest = event.value.amount
      // Nobody is waited for: who reads too slowly misses news, and holds up no other.
      for (const news of audience) news.trySend(`highest bid: ${highest}`)
    } else event.value.news.trySend(`bid more than ${highest}`)
  }
}

void auctioneer()

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: {
    '/auction': task(async ({ rx, tx }) => {
      const news = channel<string>(16)
      await joining.send(news)
      try {
        for (;;) {
          const next = await select({ message: rx, news, idle: after(600_000) })
          if (next.key === 'idle' || !next.ok) return // closes the connection with 1000
          if (next.key === 'news') await tx.send(next.value)
          else await bidding.send({ amount: Number(next.value), news })
        }
      } finally {
        await leaving.send(news)
      }
    }),
  },
})
console.log(server.url)
