// A LiveLine in a world of its own: a fake clock, and a script server behind each fake socket.

import { live } from 'holdline-client'
import type { Envelope, LiveLine, LiveOptions, State, StateDetail } from 'holdline-client'
import { FakeEnvironment } from './fake-environment.ts'
import type { FakeSocket } from './fake-environment.ts'
import { ScriptServer } from './script-server.ts'

type Topics = Record<string, unknown>

export interface Scripted {
  readonly line: LiveLine<Topics, Topics>
  readonly world: FakeEnvironment
  readonly server: ScriptServer
  readonly states: [State, StateDetail][]
  readonly errors: string[]
  /** Opens the socket that the client made last, to the script server. */
  connect(): FakeSocket
  /** Says something that no honest server would, or not now. */
  say(envelope: unknown): void
  /** What the client said on the present socket. */
  said(type?: string): Envelope[]
}

export function script(options: LiveOptions = {}): Scripted {
  const world = new FakeEnvironment()
  const server = new ScriptServer()
  const states: [State, StateDetail][] = []
  const errors: string[] = []
  const line = live<Topics>('ws://test/live', {
    environment: world,
    onState: (state, detail) => states.push([state, detail]),
    onError: ({ code }) => errors.push(code),
    ...(options as object),
  })
  const say = (envelope: unknown): void => world.socket.receive(JSON.stringify(envelope))
  return {
    line,
    world,
    server,
    states,
    errors,
    say,
    connect: () => connect(world, server),
    said: (type) =>
      world.socket.sent
        .map((text) => JSON.parse(text as string) as Envelope)
        .filter((envelope) => type === undefined || envelope.type === type),
  }
}

/** What is sent is heard at once, and answered at once; when the socket is lost the server knows. */
export function connect(world: FakeEnvironment, server: ScriptServer): FakeSocket {
  const { socket } = world
  let hear: ((envelope: Envelope) => void) | undefined
  const send = socket.send.bind(socket)
  socket.send = (data) => {
    send(data)
    hear?.(JSON.parse(data as string) as Envelope)
  }
  const lose = socket.lose.bind(socket)
  let end = (): void => {}
  socket.lose = (code, reason) => {
    end()
    lose(code, reason)
  }
  const close = socket.close.bind(socket)
  socket.close = (code, reason) => {
    close(code, reason)
    end()
  }
  socket.readyState = 1
  const line = server.open((envelope) => {
    if (socket.readyState === 1) socket.receive(JSON.stringify(envelope))
  })
  hear = (envelope) => server.hear(line, envelope)
  end = () => {
    hear = undefined
    server.lines.delete(line)
  }
  socket.onopen?.()
  server.greet(line)
  return socket
}

/** Lets promises that are due settle. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
