// What Holdline uses of the npm package `redis`, as types: a client of another version is seen at the compiler.

/** `createClient(…)` of the npm package `redis`. */
export interface RedisClient {
  /** A client with the same options, not connected. */
  duplicate(overrides?: object): RedisClient
  readonly options?: object | undefined
}

type Argument = string | Buffer
type Listener = (payload: Buffer, channel: Buffer) => void

/** A duplicate in use, for one connection. */
export interface RedisConnection {
  connect(): Promise<unknown>
  destroy(): void
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'sharded-channel-moved', listener: () => void): unknown
  sendCommand(args: readonly Argument[]): Promise<unknown>
  subscribe(channels: string[], listener: Listener, isBuffers: true): Promise<unknown>
  unsubscribe(channel: string, listener: Listener, isBuffers: true): Promise<unknown>
  pSubscribe(globs: string[], listener: Listener, isBuffers: true): Promise<unknown>
  pUnsubscribe(glob: string, listener: Listener, isBuffers: true): Promise<unknown>
  sSubscribe(channels: string[], listener: Listener, isBuffers: true): Promise<unknown>
  sUnsubscribe(channel: string, listener: Listener, isBuffers: true): Promise<unknown>
}

/** RESP's type of strings, `$`: they are given as bytes. */
const BLOB_STRING = 36
export const CONNECT_TIMEOUT_MS = 2_000

/** A new connection with the options of the client: it does not reconnect, and nothing waits in it while it is away. */
export function connectionOf(client: RedisClient): RedisConnection {
  const { socket } = (client.options ?? {}) as { socket?: object }
  const connection = client.duplicate({
    RESP: 3,
    commandOptions: { typeMapping: { [BLOB_STRING]: Buffer } },
    disableOfflineQueue: true,
    pingInterval: 0,
    maintNotifications: 'disabled',
    socket: { ...socket, connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: false },
  })
  return connection as unknown as RedisConnection
}
