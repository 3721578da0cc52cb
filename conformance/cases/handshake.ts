// The opening handshake: what must be accepted, and what an ordinary mistake is answered with (RFC 6455 §4).

import { concat, concatAll, frame, text } from '../frame-codec.ts'
import {
  expectStatus,
  expectText,
  failed,
  quiet,
  refused,
  send,
  stillServed,
  type Case,
  type HeaderExpectation,
} from '../script.ts'
import { acceptOf, request, sampleKey, type RequestChanges } from '../upgrade-request.ts'

const switched: Readonly<Record<string, HeaderExpectation>> = {
  upgrade: /^websocket$/i,
  connection: /^upgrade$/i,
  'sec-websocket-accept': acceptOf(sampleKey),
  'sec-websocket-extensions': null,
  'content-length': null,
  'transfer-encoding': null,
}

function accepted(
  name: string,
  changes: RequestChanges,
  headers: Readonly<Record<string, HeaderExpectation>> = {},
): Case {
  return {
    name: `RFC 6455 ${name}`,
    steps: [
      send(request(changes)),
      expectStatus(101, { ...switched, 'sec-websocket-protocol': null, ...headers }),
      ...stillServed,
    ],
  }
}

function rejected(name: string, statuses: number | number[], changes: RequestChanges): Case {
  return { name: `RFC 6455 ${name}`, steps: [send(request(changes)), ...refused(statuses)] }
}

const good: readonly Case[] = [
  accepted('§4.2.2 the example key gets the example answer', {}),
  accepted('§4.2.1 Upgrade: WebSocket, in another case', { set: { Upgrade: 'WebSocket' } }),
  accepted('§4.2.1 Upgrade: WEBSOCKET', { set: { Upgrade: 'WEBSOCKET' } }),
  accepted('§4.2.1 Connection: upgrade, in lower case', { set: { Connection: 'upgrade' } }),
  accepted('§4.2.1 Connection: keep-alive, Upgrade', {
    set: { Connection: 'keep-alive, Upgrade' },
  }),
  accepted('§4.2.1 Connection: Upgrade,keep-alive without a space', {
    set: { Connection: 'Upgrade,keep-alive' },
  }),
  accepted('§4.2.1 two Connection headers', {
    set: { Connection: 'keep-alive' },
    add: [['Connection', 'Upgrade']],
  }),
  accepted('§4.2.1 header names in lower case', {
    set: {
      Upgrade: null,
      Connection: null,
      'Sec-WebSocket-Key': null,
      'Sec-WebSocket-Version': null,
    },
    add: [
      ['upgrade', 'websocket'],
      ['connection', 'Upgrade'],
      ['sec-websocket-key', sampleKey],
      ['sec-websocket-version', '13'],
    ],
  }),
  accepted('§4.2.1 header names in upper case', {
    set: {
      Upgrade: null,
      Connection: null,
      'Sec-WebSocket-Key': null,
      'Sec-WebSocket-Version': null,
    },
    add: [
      ['UPGRADE', 'websocket'],
      ['CONNECTION', 'Upgrade'],
      ['SEC-WEBSOCKET-KEY', sampleKey],
      ['SEC-WEBSOCKET-VERSION', '13'],
    ],
  }),
  accepted('§4.2.1 white space around values', {
    set: {
      Upgrade: '  websocket  ',
      Connection: '\tUpgrade ',
      'Sec-WebSocket-Key': `  ${sampleKey} `,
      'Sec-WebSocket-Version': '  13 ',
    },
  }),
  accepted('§4.2.1 no white space after the colons', {
    set: { Upgrade: null, Connection: null },
    add: [['Upgrade:websocket\r\nConnection:Upgrade\r\nX', '1']],
  }),
  accepted('§4.1 a query behind the path', { target: '/echo?token=a%20b&x=1' }),
  accepted('§4.1 an empty query', { target: '/echo?' }),
  accepted('§4.1 a long query', { target: `/echo?${'q'.repeat(4000)}` }),
  accepted('§4.1 cookies, user agent and other headers', {
    add: [
      ['Cookie', 'a=1; b=2'],
      ['User-Agent', 'Mozilla/5.0'],
      ['Accept-Language', 'de'],
      ['Cache-Control', 'no-cache'],
      ['Pragma', 'no-cache'],
    ],
  }),
  accepted('§4.1 an Authorization header', { add: [['Authorization', 'Basic YTpi']] }),
  accepted('§9.1 an extension nobody knows is left out', {
    add: [['Sec-WebSocket-Extensions', 'x-unknown; a=1; b="two"']],
  }),
  accepted('§9.1 permessage-deflate is left out where the route has it off', {
    add: [['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits']],
  }),
  accepted(
    '§4.2.2 a key of other octets',
    { set: { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' } },
    {
      'sec-websocket-accept': acceptOf('AAAAAAAAAAAAAAAAAAAAAA=='),
    },
  ),
  accepted(
    '§4.2.2 a key with + and /',
    { set: { 'Sec-WebSocket-Key': '+/+/+/+/+/+/+/+/+/+/+w==' } },
    {
      'sec-websocket-accept': acceptOf('+/+/+/+/+/+/+/+/+/+/+w=='),
    },
  ),
]

const timing: readonly Case[] = [
  ...[1, 2, 7, 50].map((chunk) => ({
    name: `RFC 6455 §4.1 request in TCP pieces of ${chunk}`,
    steps: [send(request(), chunk), expectStatus(101, switched), ...stillServed],
  })),
  {
    name: 'RFC 6455 §4.1 request and first message in one write',
    steps: [send(request({ then: text('eager') })), expectStatus(101), expectText('eager')],
  },
  {
    name: 'RFC 6455 §4.1 request and ten messages in one write',
    steps: [
      send(request({ then: concatAll(Array.from({ length: 10 }, (_, i) => text(`${i}`))) })),
      expectStatus(101),
      ...Array.from({ length: 10 }, (_, i) => expectText(`${i}`)),
    ],
  },
  {
    name: 'RFC 6455 §4.1 request and half a frame in one write',
    steps: [
      send(request({ then: text('eager').subarray(0, 7) })),
      expectStatus(101),
      quiet(30),
      send(text('eager').subarray(7)),
      expectText('eager'),
    ],
  },
  {
    name: 'RFC 6455 §4.1 messages behind the request wait for an asynchronous acceptance',
    steps: [
      send(request({ target: '/async-accept', then: concat(text('one'), text('two')) })),
      quiet(50),
      expectStatus(101),
      expectText('one'),
      expectText('two'),
    ],
  },
  {
    name: 'Hostile: uncaught error: bad RSV right behind the handshake, in the same write',
    steps: [send(request({ then: text('x', { rsv: 7 }) })), expectStatus(101), ...failed(1002)],
  },
  {
    name: 'Hostile: uncaught error: bad RSV behind a request whose acceptance is asynchronous',
    steps: [
      send(request({ target: '/async-accept', then: frame(3, 'x', { rsv: 7 }) })),
      expectStatus(101),
      ...failed(1002),
    ],
  },
]

const key = (value: string | null) => ({ set: { 'Sec-WebSocket-Key': value } })
const version = (value: string | null) => ({ set: { 'Sec-WebSocket-Version': value } })

const badKeys: readonly Case[] = [
  rejected('§4.2.1 no key', 400, key(null)),
  rejected('§4.2.1 empty key', 400, key('')),
  rejected('§4.2.1 key of 15 octets', 400, key('AAAAAAAAAAAAAAAAAAAA')),
  rejected('§4.2.1 key of 17 octets', 400, key('AAAAAAAAAAAAAAAAAAAAAAA=')),
  rejected('§4.2.1 key of one octet', 400, key('AA==')),
  rejected('§4.2.1 key without its padding', 400, key('AAAAAAAAAAAAAAAAAAAAAA')),
  rejected('§4.2.1 key that is not base64', 400, key('!!!!!!!!!!!!!!!!!!!!!!==')),
  rejected('§4.2.1 key with a space inside', 400, key('AAAAAAAAAAA AAAAAAAAAA==')),
  rejected('§4.2.1 key in the alphabet of URLs', 400, key('-_-_-_-_-_-_-_-_-_-_-w==')),
  rejected('§4.2.1 key of 10,000 characters', 400, key('A'.repeat(10_000))),
  rejected('§4.2.1 two keys', 400, { add: [['Sec-WebSocket-Key', sampleKey]] }),
]

function otherVersion(value: string, statuses: readonly number[] = [426]): Case {
  return {
    name: `RFC 6455 §4.4 version ${value === '' ? 'empty' : value} is answered with the version spoken here`,
    steps: [
      send(request(version(value))),
      ...refused(statuses, {
        'sec-websocket-version': (spoken) =>
          spoken === undefined ? statuses.includes(400) : /\b13\b/.test(spoken),
      }),
    ],
  }
}

const versions: readonly Case[] = [
  ...['0', '7', '8', '12', '14', '25', '255'].map((value) => otherVersion(value)),
  ...['', 'thirteen', '13.0', '013', '-13', '1 3', '13;x', '13, 8', '999999999999'].map((value) =>
    otherVersion(value, [400, 426]),
  ),
  rejected('§4.2.1 no version', [400, 426], version(null)),
  rejected('§4.2.1 version twice', [400, 426], { add: [['Sec-WebSocket-Version', '13']] }),
]

const methods: readonly Case[] = ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'HEAD'].map(
  (method) => rejected(`§4.2.1 method ${method}`, [400, 405], { method }),
)

const paths: readonly Case[] = [
  '/',
  '/nothing',
  '/echo/',
  '/ECHO',
  '//echo',
  '/echo/more',
  '/echo%00',
  '/%65cho/',
  '/echo;x',
  '/../echo/..',
  '/__proto__',
  '/constructor',
  '/toString',
].map((target) => rejected(`§4.2.2 no route at ${target}: 404`, 404, { target }))

const refusals: readonly Case[] = [
  rejected('§4.2.2 the route refuses with its own status', 401, { target: '/refused' }),
  rejected('§4.2.2 the route throws while it judges the request', 500, {
    target: '/upgrade-throws',
  }),
]

const offer = (...values: string[]) => ({
  target: '/subprotocol',
  add: values.map((value) => ['Sec-WebSocket-Protocol', value] as const),
})

function subprotocol(name: string, chosen: string | null, ...values: string[]): Case {
  return accepted(`§4.2.2 subprotocol: ${name}`, offer(...values), {
    'sec-websocket-protocol': chosen,
  })
}

const subprotocols: readonly Case[] = [
  subprotocol('none offered, none answered', null),
  subprotocol('the only one', 'chat', 'chat'),
  subprotocol('the second choice alone', 'superchat', 'superchat'),
  subprotocol('one known among several', 'superchat', 'a, b, superchat, c'),
  subprotocol('none known, none answered', null, 'a, b, c'),
  subprotocol('names are case-sensitive', null, 'CHAT, SuperChat'),
  subprotocol('two headers', 'chat', 'a', 'chat'),
  subprotocol('white space around names', 'chat', ' x ,\tchat\t'),
  subprotocol('the preference of the server decides', 'chat', 'superchat, chat'),
  subprotocol('a name that begins like a known one', null, 'cha, chatt'),
  subprotocol('Hostile: property name constructor is ignored', null, 'constructor'),
  subprotocol('Hostile: property name __proto__ is ignored', null, '__proto__'),
  subprotocol('Hostile: property names before a known one', 'chat', 'toString, __proto__, chat'),
  accepted(
    '§4.2.2 subprotocol: offered where the route has none',
    { add: [['Sec-WebSocket-Protocol', 'chat']] },
    { 'sec-websocket-protocol': null },
  ),
  rejected('§4.1 subprotocol offered twice', 400, offer('chat, chat')),
  rejected('§4.1 subprotocol offered twice, in two headers', 400, offer('chat', 'chat')),
  rejected('§4.1 subprotocol with a space in its name', 400, offer('chat room')),
  rejected('§4.1 subprotocol that is no token: a quoted string', 400, offer('"chat"')),
  rejected('§4.1 subprotocol that is no token: a slash', 400, offer('chat/1')),
]

const plain: readonly Case[] = [
  {
    name: 'RFC 9110 §7.8 a plain request beside the routes is answered by the HTTP handler',
    steps: [
      send(request({ target: '/plain', set: { Upgrade: null, Connection: 'close' } })),
      expectStatus(200, {}, 'plain\n'),
    ],
  },
  {
    name: 'RFC 9110 §7.8 an upgrade to something else is ignored: the plain answer',
    steps: [
      send(
        request({
          target: '/plain',
          set: { Upgrade: 'h2c', Connection: 'Upgrade, HTTP2-Settings' },
          add: [['HTTP2-Settings', 'AAMAAABkAARAAAAAAAIAAAAA']],
        }),
      ),
      expectStatus(200, {}, 'plain\n'),
    ],
  },
  {
    name: 'RFC 9110 §7.8 Upgrade: websocket without Connection: Upgrade is no upgrade',
    steps: [
      send(request({ target: '/plain', set: { Connection: 'keep-alive' } })),
      expectStatus([200, 400], {}),
    ],
  },
  {
    name: 'RFC 6455 §4.2.1 Connection: Upgrade without Upgrade on a route',
    steps: [send(request({ set: { Upgrade: null } })), expectStatus([400, 404, 426])],
  },
  {
    name: 'RFC 6455 §4.2.1 a plain GET on a route',
    steps: [
      send(request({ set: { Upgrade: null, Connection: 'close' } })),
      expectStatus([400, 404, 426]),
    ],
  },
  {
    name: 'Hostile: uncaught error: Upgrade: websocket on a plain route',
    steps: [send(request({ target: '/plain' })), ...refused([400, 404, 426])],
  },
]

export const handshakeCases: readonly Case[] = [
  ...good,
  ...timing,
  ...badKeys,
  ...versions,
  ...methods,
  ...paths,
  ...refusals,
  ...subprotocols,
  ...plain,
]
