// What each thread of threads.ts runs. `recv` and the query block this thread and no other.
import { DatabaseSync } from 'node:sqlite'
import { blocking } from 'holdline/threads'

const database = new DatabaseSync(':memory:')
const sumOfRests = database.prepare(`
  WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
  SELECT sum(n % 7) AS sum FROM numbers`)

// oxlint-disable-next-line import/no-default-export -- what the module of a thread is
export default blocking((session) => {
  for (let message; (message = session.recv()) !== null;) {
    const count = Number(message)
    if (!Number.isInteger(count) || count < 1 || count > 10_000_000) {
      session.close(4000, 'send a whole number from 1 to 10000000')
      return
    }
    session.send(String(sumOfRests.get(count)!['sum']))
  }
})
