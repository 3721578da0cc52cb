// The entry `holdline/protocol`: RFC 6455 and RFC 7692 without I/O, for programs that bring their own.

export * from './close-code.ts'
export * from './client-handshake.ts'
export * from './deflate.ts'
export * from './deflate-parameters.ts'
export * from './errors.ts'
export * from './frame.ts'
export * from './handshake.ts'
export * from './parser.ts'
export * from './utf8.ts'
