// The package entry: the gateway for programs that start it themselves.

export { startGateway } from './gateway.ts'
export { helpText, parseCommandLine } from './command-line.ts'
export type { Command, GatewayOptions } from './command-line.ts'
