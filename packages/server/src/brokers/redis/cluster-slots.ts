// The hash slots of a Redis cluster: which one a key is in, and who has which. Pure.

const SLOT_COUNT = 16_384

/** CRC16 as XMODEM has it, a table of all bytes. */
const crcTable = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  return crc & 0xffff
})

/** The slot of a key: of what stands between its first `{` and the next `}`, if there is something. */
export function slotOf(key: string): number {
  const open = key.indexOf('{')
  const close = open < 0 ? -1 : key.indexOf('}', open + 1)
  const hashed = close > open + 1 ? key.slice(open + 1, close) : key
  let crc = 0
  for (const byte of Buffer.from(hashed)) crc = ((crc << 8) ^ crcTable[(crc >> 8) ^ byte]!) & 0xffff
  return crc % SLOT_COUNT
}

/** Where a node listens. */
export interface NodeAddress {
  readonly host: string
  readonly port: number
}

/** The masters of all slots. */
export class SlotMap {
  readonly #masters: readonly (NodeAddress | undefined)[]

  /**
   * @param answer of CLUSTER SLOTS
   * @param asked who gave it: an answer may leave out the host of the one that answers
   */
  constructor(answer: unknown, asked: NodeAddress) {
    const masters: (NodeAddress | undefined)[] = Array.from({ length: SLOT_COUNT })
    const known = new Map<string, NodeAddress>()
    for (const [first, last, master] of answer as readonly (readonly unknown[])[]) {
      const [hostGiven, port] = master as readonly [Buffer | string | null, unknown]
      const named = hostGiven === null ? '' : hostGiven.toString()
      const host = named === '' || named === '?' ? asked.host : named
      const address = known.get(keyOf({ host, port: Number(port) })) ?? { host, port: Number(port) }
      known.set(keyOf(address), address)
      for (let slot = Number(first); slot <= Number(last); slot++) masters[slot] = address
    }
    this.#masters = masters
  }

  /** Undefined: nobody has the slot. */
  masterOf(slot: number): NodeAddress | undefined {
    return this.#masters[slot]
  }

  /** Whoever has a slot. */
  get masters(): NodeAddress[] {
    return [...new Set(this.#masters)].filter((address) => address !== undefined)
  }
}

export function keyOf({ host, port }: NodeAddress): string {
  return `${host}:${port}`
}
