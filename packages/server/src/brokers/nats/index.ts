// The entry `holdline/nats`.

export { nats } from './nats.ts'
export type { NatsOptions } from './nats-options.ts'
