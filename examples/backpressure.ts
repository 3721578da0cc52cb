// A stream that never runs ahead of its reader: `write` resolves when there is room again.
import { serve } from 'holdline'
import { handler, WebSocketHandler } from 'holdline/callbacks'

class Numbers extends WebSocketHandler {
  /** Sends as many numbered lines as the message asks for. */
  override async onMessage(message: string | Uint8Array): Promise<void> {
    const count = Math.min(Number(message), 1_000_000)
    for (let i = 1; i <= count; i++) await this.write(`line ${i} ${'.'.repeat(100)}`)
    await this.write('done')
  }
}

const server = await serve({
  port: Number(process.env['PORT'] ?? 8080),
  routes: { '/numbers': handler(Numbers) },
})
console.log(server.url)
