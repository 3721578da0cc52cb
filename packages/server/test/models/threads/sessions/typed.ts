// A session with a contract.
import { blocking, contract } from 'holdline/threads'
import { z } from 'zod'

export const Sum = contract({
  in: z.object({ add: z.array(z.number()) }),
  out: z.object({ sum: z.number() }),
})

// oxlint-disable-next-line import/no-default-export -- what the module of a thread is
export default blocking(Sum, (session) => {
  for (let message; (message = session.recv()) !== null;) {
    const sum = message.add.reduce((a, b) => a + b, 0)
    session.send({ sum: sum < 0 ? ('negative' as never) : sum })
  }
})
