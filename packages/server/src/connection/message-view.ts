// How a route sees its connections and messages: as they are, or through a contract. Every model takes both forms.

import type { Contract, In } from './contract.ts'
import { invalidMessageAnswer } from './contract.ts'
import type { HeldConnection } from './held-connection.ts'
import { TypedConnection } from './typed-connection.ts'

/** Where a model has none (null), connections and messages are seen as they are. */
export interface MessageView<C, M> {
  /** Kept for the connection's life when it is not the connection itself. */
  connection(c: HeldConnection): C
  /** UNFIT: the message did not match, and has been answered. */
  message(c: HeldConnection, data: string | Uint8Array): M | typeof UNFIT
}

export const UNFIT: unique symbol = Symbol('holdline.unfit')

/** Objects of the contract, as JSON in text messages. */
export function typedView<C extends Contract, Data>(
  agreed: C,
): MessageView<TypedConnection<C, Data>, In<C>> {
  return {
    connection: (c) => new TypedConnection<C, Data>(c as never, agreed),
    message: (c, data) => {
      const decoded = agreed.decode(data)
      if (decoded.issues === undefined) return decoded.value
      c.send(invalidMessageAnswer(decoded.issues))
      return UNFIT
    },
  }
}
