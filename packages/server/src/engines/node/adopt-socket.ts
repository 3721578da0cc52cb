// Takes over the line of an accepted upgrade where it is: in its socket of node:net or node:tls.

import type { Socket } from 'node:net'
import type { Acceptance } from '../../connection/engine.ts'
import { NodeTransport } from './node-transport.ts'

/** `head` is what came behind the request. */
export function adoptSocket(acceptance: Acceptance, socket: Socket, head: Buffer): void {
  const transport = new NodeTransport(socket)
  const connection = acceptance.connect(transport)
  // `head` first, before the socket begins to flow.
  if (head.length > 0) connection.receive(head, 0, head.length)
  transport.attach(connection)
}
