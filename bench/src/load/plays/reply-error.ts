// What came back is not what was asked for.

export class ReplyError extends Error {
  override readonly name = 'ReplyError'

  constructor(connection: number, message: string) {
    super(`connection ${connection}: ${message}`)
  }
}
