// Lines that may go away: clients subscribe by themselves, see who is present, and come back to exactly what they missed.
import { serve } from 'holdline'
import { jwt, line } from 'holdline/line'

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  topics: { 'room.*': { history: { count: 1_000, ageMs: 3_600_000 }, overflow: 'replay' } },
  routes: {
    '/live': line({
      identify: jwt({
        secret: process.env['JWT_SECRET'] ?? 'for this example only: 32 bytes or more',
        issuer: 'holdline example',
        audience: 'live',
      }),
      // Rooms are everybody's; what a line may publish on is a room, and no faster than a person types.
      authorize: ({ topic }) => topic.startsWith('room.'),
      publishesPerSecond: 20,
      maxPublishBytes: 4_096,
    }),
  },
})
console.log(server.url)
