// The rival `Bun.serve`, run by Bun, as its own documentation writes it: argv[2] is the port.
// Compression is off by default.

/** The part of Bun's own types that is used here; they are not installed. */
interface BunConnection {
  readonly data: { readonly topic: string }
  send(message: string | Uint8Array): number
  subscribe(topic: string): void
}
interface BunServer {
  upgrade(request: Request, options: { data: BunConnection['data'] }): boolean
  publish(topic: string, message: string | Uint8Array): number
}
declare const Bun: { serve(options: object): BunServer }

const server = Bun.serve({
  port: Number(process.argv[2]),
  hostname: '127.0.0.1',
  development: false,
  fetch(request: Request, self: BunServer): Response | undefined {
    const path = new URL(request.url).pathname
    const topic = path.startsWith('/t/') ? path.slice(3) : ''
    if (self.upgrade(request, { data: { topic } })) return undefined
    return new Response('a WebSocket is expected', { status: 426 })
  },
  websocket: {
    maxPayloadLength: 16 * 1024 * 1024,
    // Above it Bun drops a message, silently in `publish`. The default is 16 MiB.
    backpressureLimit: 1024 * 1024 * 1024,
    idleTimeout: 0, // off; the default is 120 s
    sendPings: false, // the load generator does not answer pings; no rival sends any
    open(connection: BunConnection): void {
      if (connection.data.topic !== '') connection.subscribe(connection.data.topic)
    },
    message(connection: BunConnection, message: string | Uint8Array): void {
      if (connection.data.topic === '') connection.send(message)
      else server.publish(connection.data.topic, message) // to all, the sender included
    },
  },
})
