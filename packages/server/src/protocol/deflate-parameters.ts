// Owns the negotiation of permessage-deflate (RFC 7692 §5 and §7.1) for both roles. It must not compress:
// deflate.ts does, with what is agreed here.
import { HoldlineError } from './errors.ts'
import { parseExtensionList, type ExtensionOffer } from './header-list.ts'

/** What both sides keep to once the extension is agreed. Bits are log2 of a window in bytes. */
export interface DeflateParameters {
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  readonly serverMaxWindowBits: number
  readonly clientMaxWindowBits: number
}

/** What a program may choose; all optional. */
export interface DeflateOptions {
  /** The server forgets its window after each message: no state, worse compression. */
  readonly serverNoContextTakeover?: boolean
  /** The same is demanded of the client, so that the server holds no window for it. */
  readonly clientNoContextTakeover?: boolean
  /** The largest window the server compresses with, 8 to 15. Figures: docs/decisions/0003. */
  readonly serverMaxWindowBits?: number
  /** The window the server asks of clients that let it choose (the others may use 15), 8 to 15. */
  readonly clientMaxWindowBits?: number
  /** Messages of fewer bytes are sent as they are. */
  readonly thresholdBytes?: number
  /** zlib's level, 0 to 9. */
  readonly level?: number
  /** zlib's memLevel, 1 to 9. */
  readonly memLevel?: number
}

export interface NegotiatedDeflate {
  readonly parameters: DeflateParameters
  /** The value of Sec-WebSocket-Extensions in the response. */
  readonly responseHeader: string
}

/**
 * 4 KiB: on short similar messages it compresses about as well as 32 KiB, and a window has to be read again
 * for every message (measured: docs/decisions/0003-deflate-without-streams.md).
 */
export const defaultWindowBits = 12
export const defaultThresholdBytes = 1024

const extensionName = 'permessage-deflate'

/** Throws ERR_DEFLATE_OPTION for an option out of range; called once, when a route is set up. */
export function checkDeflateOptions(options: DeflateOptions): void {
  checkInteger('serverMaxWindowBits', options.serverMaxWindowBits, 8, 15)
  checkInteger('clientMaxWindowBits', options.clientMaxWindowBits, 8, 15)
  checkInteger('thresholdBytes', options.thresholdBytes, 0, Number.MAX_SAFE_INTEGER)
  checkInteger('level', options.level, 0, 9)
  checkInteger('memLevel', options.memLevel, 1, 9)
}

/**
 * The server's answer to the offers of a request: the first valid offer is taken, an invalid one passed over
 * (RFC 7692 §5.1, §7.1); null when none can be. Never throws, whatever the header holds.
 */
export function negotiateDeflate(
  offersHeader: string | undefined,
  options: DeflateOptions,
): NegotiatedDeflate | null {
  if (offersHeader === undefined) return null
  for (const offer of parseExtensionList(offersHeader) ?? []) {
    const asked = offer.name === extensionName ? readParameters(offer, true) : null
    if (asked !== null) return answer(asked, options)
  }
  return null
}

/** The client's offer. A window of the client may always be chosen by the server. */
export function deflateOffer(options: DeflateOptions): string {
  let offer = extensionName
  if (options.serverNoContextTakeover) offer += '; server_no_context_takeover'
  if (options.clientNoContextTakeover) offer += '; client_no_context_takeover'
  if (options.serverMaxWindowBits !== undefined) {
    offer += `; server_max_window_bits=${options.serverMaxWindowBits}`
  }
  offer += '; client_max_window_bits'
  return options.clientMaxWindowBits === undefined
    ? offer
    : `${offer}=${options.clientMaxWindowBits}`
}

/**
 * What the server agreed to, judged by the client against its own offer (RFC 7692 §7.1): the parameters, null
 * when the server agreed to nothing, or the code to fail the connection with.
 */
export function acceptDeflate(
  responseHeader: string | undefined,
  options: DeflateOptions,
): DeflateParameters | null | 'ERR_RESPONSE_EXTENSIONS' {
  if (responseHeader === undefined) return null
  const list = parseExtensionList(responseHeader)
  const only = list?.length === 1 ? list[0] : undefined
  const agreed = only?.name === extensionName ? readParameters(only, false) : null
  if (agreed === null) return 'ERR_RESPONSE_EXTENSIONS'
  // RFC 7692 §7.1.1.1: what was asked has to be granted. §7.1.2.1: no window larger than asked.
  if (options.serverNoContextTakeover && !agreed.serverNoContextTakeover) {
    return 'ERR_RESPONSE_EXTENSIONS'
  }
  const serverBits = agreed.serverMaxWindowBits
  const askedBits = options.serverMaxWindowBits
  if (askedBits !== undefined && (serverBits === undefined || serverBits > askedBits)) {
    return 'ERR_RESPONSE_EXTENSIONS'
  }
  const clientBits = agreed.clientMaxWindowBits ?? 15
  const ownBits = options.clientMaxWindowBits ?? 15
  // §7.1.2.2: a larger window than offered cannot be agreed, though a client may always use a smaller one.
  if (agreed.clientMaxWindowBits !== undefined && clientBits > ownBits) {
    return 'ERR_RESPONSE_EXTENSIONS'
  }
  return {
    serverNoContextTakeover: agreed.serverNoContextTakeover,
    clientNoContextTakeover:
      agreed.clientNoContextTakeover || options.clientNoContextTakeover === true,
    serverMaxWindowBits: serverBits ?? 15,
    clientMaxWindowBits: Math.min(clientBits, ownBits),
  }
}

/** The parameters of one offer or response as they were written. */
interface WrittenParameters {
  serverNoContextTakeover: boolean
  clientNoContextTakeover: boolean
  serverMaxWindowBits: number | undefined
  clientMaxWindowBits: number | undefined
  /** An offer may name client_max_window_bits without a value. */
  clientMaxWindowBitsOffered: boolean
}

function answer(asked: WrittenParameters, options: DeflateOptions): NegotiatedDeflate {
  const serverNoContextTakeover =
    asked.serverNoContextTakeover || options.serverNoContextTakeover === true
  const clientNoContextTakeover =
    asked.clientNoContextTakeover || options.clientNoContextTakeover === true
  const serverMaxWindowBits = Math.min(
    asked.serverMaxWindowBits ?? 15,
    options.serverMaxWindowBits ?? defaultWindowBits,
  )
  // §7.1.2.2: the response may name client_max_window_bits only if the offer did.
  const clientMaxWindowBits = asked.clientMaxWindowBitsOffered
    ? Math.min(asked.clientMaxWindowBits ?? 15, options.clientMaxWindowBits ?? defaultWindowBits)
    : 15
  let responseHeader = extensionName
  if (serverNoContextTakeover) responseHeader += '; server_no_context_takeover'
  if (clientNoContextTakeover) responseHeader += '; client_no_context_takeover'
  // Unasked it is named only where the program chose it: some clients refuse the parameter, and a server may
  // use a smaller window than it was allowed without a word.
  const chosenBits = options.serverMaxWindowBits ?? 15
  if (chosenBits < 15 || asked.serverMaxWindowBits !== undefined) {
    responseHeader += `; server_max_window_bits=${serverMaxWindowBits}`
  }
  if (clientMaxWindowBits < 15) responseHeader += `; client_max_window_bits=${clientMaxWindowBits}`
  return {
    parameters: {
      serverNoContextTakeover,
      clientNoContextTakeover,
      serverMaxWindowBits,
      clientMaxWindowBits,
    },
    responseHeader,
  }
}

/** Null when a parameter is unknown, repeated, or has a value it must not have (RFC 7692 §7.1). */
function readParameters(offer: ExtensionOffer, isOffer: boolean): WrittenParameters | null {
  const read: WrittenParameters = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: undefined,
    clientMaxWindowBits: undefined,
    clientMaxWindowBitsOffered: false,
  }
  for (const [name, value] of offer.parameters) {
    const bits = value === null ? undefined : windowBits(value)
    switch (name) {
      case 'server_no_context_takeover':
        if (value !== null || read.serverNoContextTakeover) return null
        read.serverNoContextTakeover = true
        break
      case 'client_no_context_takeover':
        if (value !== null || read.clientNoContextTakeover) return null
        read.clientNoContextTakeover = true
        break
      case 'server_max_window_bits':
        if (bits === undefined || read.serverMaxWindowBits !== undefined) return null
        read.serverMaxWindowBits = bits
        break
      case 'client_max_window_bits':
        if (
          read.clientMaxWindowBitsOffered ||
          (bits === undefined && !(value === null && isOffer))
        ) {
          return null
        }
        read.clientMaxWindowBitsOffered = true
        read.clientMaxWindowBits = bits
        break
      default:
        return null
    }
  }
  return read
}

// RFC 7692 §7.1.2: 8 to 15 in decimal without leading zeros, so eight texts and no number parsing.
const windowBitsByText: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 8 }, (_, index) => [String(index + 8), index + 8]),
)

function windowBits(text: string): number | undefined {
  return windowBitsByText.get(text)
}

function checkInteger(name: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined) return
  if (Number.isInteger(value) && value >= min && value <= max) return
  throw new HoldlineError('ERR_DEFLATE_OPTION', `${name}: ${String(value)}`)
}
