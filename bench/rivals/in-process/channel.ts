// A buffered channel: one task sends, another receives; both wait when they have to.
import { channel } from 'holdline/csp'
import type { Play } from '../in-process.ts'

export function prepare(): Play {
  const numbers = channel<number>(128)
  return async (count) => {
    const sending = sendAll(count)
    for (let i = 0; i < count; i++) await numbers.receive()
    await sending
  }

  async function sendAll(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await numbers.send(i)
  }
}
