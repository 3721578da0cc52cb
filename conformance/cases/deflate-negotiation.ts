// Which offers of permessage-deflate are agreed to, which are declined, and with what answer (RFC 7692 §5, §7.1).

import { text } from '../frame-codec.ts'
import {
  expectStatus,
  expectText,
  failed,
  refused,
  send,
  stillServed,
  type Case,
} from '../script.ts'
import { request } from '../upgrade-request.ts'

const header = 'Sec-WebSocket-Extensions'
const sentence = 'compress me, compress me, compress me. '.repeat(80)

type Parameters = ReadonlyMap<string, string | true>

/** The answer, taken apart; undefined where it is no single permessage-deflate with different parameters. */
function parseAnswer(value: string): Parameters | undefined {
  const [name, ...rest] = value.split(';').map((part) => part.trim())
  if (name !== 'permessage-deflate' || value.includes(',')) return undefined
  const parameters = new Map<string, string | true>()
  for (const part of rest) {
    const [key = '', given] = part.split('=')
    if (parameters.has(key)) return undefined
    parameters.set(key, given === undefined ? true : given.replace(/^"(.*)"$/, '$1'))
  }
  return parameters
}

interface Agreement {
  /** These must be in the answer, with a value that passes. */
  readonly must?: Readonly<Record<string, (value: string | true) => boolean>>
  /** These must not: the client did not say that it can (§7.1.2.2). */
  readonly mustNot?: readonly string[]
}

const known = [
  'server_no_context_takeover',
  'client_no_context_takeover',
  'server_max_window_bits',
  'client_max_window_bits',
]

function follows(value: string, { must = {}, mustNot = [] }: Agreement): boolean {
  const parameters = parseAnswer(value)
  if (parameters === undefined) return false
  for (const name of parameters.keys()) if (!known.includes(name)) return false
  for (const name of mustNot) if (parameters.has(name)) return false
  for (const [name, passes] of Object.entries(must)) {
    const got = parameters.get(name)
    if (got === undefined || !passes(got)) return false
  }
  return ['server_max_window_bits', 'client_max_window_bits'].every((name) => {
    const bits = parameters.get(name)
    return bits === undefined || (typeof bits === 'string' && /^([89]|1[0-5])$/.test(bits))
  })
}

const flag = (value: string | true) => value === true
const atMost = (limit: number) => (value: string | true) => value !== true && Number(value) <= limit

const offered = (...values: string[]) =>
  send(request({ target: '/deflate', add: values.map((value) => [header, value] as const) }))

/** Agreed to, and the line then works compressed. */
function agreed(name: string, agreement: Agreement, ...values: string[]): Case {
  return {
    name: `RFC 7692 ${name}`,
    steps: [
      offered(...values),
      expectStatus(101, {
        'sec-websocket-extensions': (value) => value !== undefined && follows(value, agreement),
      }),
      send(text(sentence)),
      expectText(sentence, true),
      send(text(sentence)),
      expectText(sentence, true),
    ],
  }
}

/** A server may decline what it cannot do; if it agrees, then rightly. */
function agreedOrDeclined(name: string, agreement: Agreement, ...values: string[]): Case {
  return {
    name: `RFC 7692 ${name}`,
    steps: [
      offered(...values),
      expectStatus(101, {
        'sec-websocket-extensions': (value) => value === undefined || follows(value, agreement),
      }),
      send(text(sentence)),
      expectText(sentence),
      send(text(sentence)),
      expectText(sentence),
    ],
  }
}

/** Declined: the line opens without the extension, and RSV1 means nothing on it. */
function declined(name: string, ...values: string[]): Case {
  return {
    name,
    steps: [
      offered(...values),
      expectStatus(101, { 'sec-websocket-extensions': null }),
      ...stillServed,
      send(text('x', { rsv: 4 })),
      ...failed(1002),
    ],
  }
}

function malformed(name: string, ...values: string[]): Case {
  return { name: `RFC 6455 §9.1 ${name}`, steps: [offered(...values), ...refused(400)] }
}

const base = 'permessage-deflate'
const noClientBits = { mustNot: ['client_max_window_bits'] }
const bits = [8, 9, 10, 11, 12, 13, 14, 15]

const good: readonly Case[] = [
  agreed('§7.1 a bare offer', noClientBits, base),
  agreed('§7.1.2.2 client_max_window_bits without a value', {}, `${base}; client_max_window_bits`),
  ...bits.map((n) =>
    agreed(`§7.1.2.2 client_max_window_bits=${n}`, {}, `${base}; client_max_window_bits=${n}`),
  ),
  ...bits.map((n) =>
    agreedOrDeclined(
      `§7.1.2.1 server_max_window_bits=${n} is kept to or declined`,
      { must: { server_max_window_bits: atMost(n) }, ...noClientBits },
      `${base}; server_max_window_bits=${n}`,
    ),
  ),
  agreed(
    '§7.1.1.1 server_no_context_takeover is agreed to',
    { must: { server_no_context_takeover: flag }, ...noClientBits },
    `${base}; server_no_context_takeover`,
  ),
  agreed(
    '§7.1.1.2 client_no_context_takeover',
    noClientBits,
    `${base}; client_no_context_takeover`,
  ),
  agreed(
    '§7.1.1 both without context takeover',
    { must: { server_no_context_takeover: flag }, ...noClientBits },
    `${base}; client_no_context_takeover; server_no_context_takeover`,
  ),
  agreed(
    '§7.1 all parameters at once',
    { must: { server_no_context_takeover: flag, server_max_window_bits: atMost(12) } },
    `${base}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=11`,
  ),
  agreed('§7.1.2 a value in quotes', {}, `${base}; client_max_window_bits="10"`),
  agreed('§5 white space around everything', {}, `  ${base}  ;  client_max_window_bits  =  12  `),
  agreed('§5 no white space', {}, `${base};client_max_window_bits=12;client_no_context_takeover`),
  agreed(
    '§5.1 an offer that cannot be met, then one that can',
    noClientBits,
    `${base}; server_max_window_bits=7, ${base}`,
  ),
  agreed(
    '§5.1 the first offer that can be met is taken',
    { must: { server_no_context_takeover: flag } },
    `${base}; server_no_context_takeover, ${base}; client_max_window_bits`,
  ),
  agreed('§5.1 an unknown extension first', {}, `x-unknown; a=1, ${base}; client_max_window_bits`),
  agreed('§5.1 an unknown extension behind', noClientBits, `${base}, x-unknown`),
  agreed('§5.1 offers in two headers', noClientBits, 'x-unknown', base),
  agreed('§5.1 an unknown parameter in the first offer', noClientBits, `${base}; unknown, ${base}`),
]

const bad = [
  'client_max_window_bits=7',
  'client_max_window_bits=16',
  'client_max_window_bits=08',
  'client_max_window_bits=0',
  'client_max_window_bits=-1',
  'client_max_window_bits=+9',
  'client_max_window_bits=9.0',
  'client_max_window_bits=1e1',
  'client_max_window_bits=0x9',
  'client_max_window_bits=abc',
  'client_max_window_bits=99999999999999999999',
  'client_max_window_bits="16"',
  'server_max_window_bits',
  'server_max_window_bits=7',
  'server_max_window_bits=16',
  'server_max_window_bits=010',
  'server_max_window_bits=true',
  'server_no_context_takeover=1',
  'server_no_context_takeover=true',
  'client_no_context_takeover=0',
  'client_no_context_takeover="x"',
  'unknown',
  'unknown=1',
  'Server_No_Context_Takeover=1',
  'client_max_window_bits; client_max_window_bits',
  'client_max_window_bits=10; client_max_window_bits=11',
  'server_max_window_bits=10; server_max_window_bits=10',
  'server_no_context_takeover; server_no_context_takeover',
  'client_no_context_takeover; client_no_context_takeover',
]

const hostile: readonly Case[] = [
  ...bad.map((parameters) =>
    declined(`RFC 7692 §7.1 declined: ${parameters}`, `${base}; ${parameters}`),
  ),
  declined('RFC 7692 §7.1 no offer, no agreement'),
  declined('RFC 7692 §5 a name that begins alike', `${base}-2`),
  declined(
    'RFC 7692 §5 extensions of the past',
    'x-webkit-deflate-frame, deflate-stream, permessage-bzip2',
  ),
  declined('Hostile: property name constructor as extension', 'constructor'),
  declined('Hostile: property name __proto__ as extension', '__proto__; a=1'),
  declined('Hostile: property name hasOwnProperty as extension', 'hasOwnProperty'),
  declined('Hostile: property name __proto__ as parameter', `${base}; __proto__`),
  declined('Hostile: property name constructor as parameter', `${base}; constructor=1`),
  declined('Hostile: property name toString as parameter', `${base}; toString`),
  declined(
    'Hostile: 1,000 offers of something else',
    Array.from({ length: 1000 }, (_, i) => `x${i}; a`).join(','),
  ),
  declined(
    'Hostile: 600 offers that cannot be met',
    Array.from({ length: 600 }, () => `${base};x`).join(','),
  ),
  declined('Hostile: one offer with 1,000 parameters', `${base}${';x'.repeat(1000)}`),
  {
    name: 'RFC 7692 §7.1.2.2 client_max_window_bits="" is declined or malformed',
    steps: [
      offered(`${base}; client_max_window_bits=""`),
      expectStatus([101, 400], { 'sec-websocket-extensions': null }),
    ],
  },
  malformed('extension list: a trailing semicolon', `${base};`),
  malformed('extension list: a leading semicolon', `;${base}`),
  malformed('extension list: an equals sign without a name', `${base}; =10`),
  malformed('extension list: an equals sign without a value', `${base}; client_max_window_bits=`),
  malformed('extension list: a quote that is never closed', `${base}; a="10`),
  malformed('extension list: a quote and more', `${base}; a="1"0`),
  malformed('extension list: two words', `${base} again`),
  malformed('extension list: a separator in a name', 'permessage/deflate'),
  malformed('extension list: a quoted name', '"permessage-deflate"'),
  malformed('extension list: two values', `${base}; a=1=2`),
]

export const deflateNegotiationCases: readonly Case[] = [...good, ...hostile]
