// Messages with types: zod describes them, both ways; what does not fit is answered with what is wrong.
import { contract, serve } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { z } from 'zod'

const Sum = contract({
  in: z.object({ id: z.number().int(), add: z.array(z.number()).max(100) }),
  out: z.object({ id: z.number().int(), sum: z.number() }),
})

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: {
    '/sum': callbacks(Sum, {
      message: (connection, { id, add }) => {
        connection.send({ id, sum: add.reduce((sum, term) => sum + term, 0) })
      },
    }),
  },
})
console.log(server.url)
