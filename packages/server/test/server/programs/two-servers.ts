// A program that wants two servers with several processes each: one after the other is possible, both are not.

import { serve } from 'holdline'

const first = await serve({ processes: 2, port: 0, logger: null })
if (first.workerId === 0) {
  await serve({ processes: 2, port: 0, logger: null }).catch((error: unknown) => {
    console.log(JSON.stringify({ message: (error as { code?: string }).code }))
  })
  await first.close()
  const second = await serve({ processes: 2, port: 0, logger: null })
  console.log(JSON.stringify({ message: 'served again' }))
  await second.close()
}
