// The closing handshake, its codes and reasons, and the end of TCP (RFC 6455 §5.5.1, §7).

import {
  binary,
  close,
  concat,
  continuation,
  frame,
  hex,
  ping,
  pong,
  text,
} from '../frame-codec.ts'
import {
  expectClose,
  expectCloseReason,
  expectEnd,
  expectGone,
  expectText,
  failed,
  finish,
  reset,
  send,
  stillServed,
  wait,
  type Case,
  type Step,
} from '../script.ts'

const path = '/echo'

/** The code comes back and the server, which is to close first (§7.1.1), ends TCP. */
function closedWith(code: number): Step[] {
  return [expectClose(code), expectEnd()]
}

const allowed = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000,
  4001, 4999,
]
const forbidden = [
  0, 1, 500, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 32_768, 65_535,
]

const codes: readonly Case[] = [
  ...allowed.map((code) => ({
    name: `RFC 6455 §7.4 close ${code} is answered with the same code`,
    path,
    steps: [send(close(code)), ...closedWith(code)],
  })),
  ...forbidden.map((code) => ({
    name: `RFC 6455 §7.4 close ${code} must not be sent`,
    path,
    steps: [send(close(code)), ...failed(1002)],
  })),
  ...[1005, 1006].map((code) => ({
    name: `RFC 6455 §7.4.1 close ${code} with a reason must not be sent either`,
    path,
    steps: [send(close(code, 'reserved')), ...failed(1002)],
  })),
]

const bodies: readonly Case[] = [
  {
    name: 'RFC 6455 §5.5.1 empty close is answered with an empty one or 1000',
    path,
    steps: [send(close()), expectClose(undefined, 1000), expectEnd()],
  },
  {
    name: 'RFC 6455 §5.5.1 close with a body of one octet',
    path,
    steps: [send(frame(8, hex('03'))), ...failed(1002)],
  },
  ...['a', 'going home', 'é'.repeat(61), 'x'.repeat(123), '世界', '\u{1F980}'].map((reason) => ({
    name: `RFC 6455 §5.5.1 close with a reason of ${Buffer.byteLength(reason)} octets`,
    path,
    steps: [send(close(1000, reason)), ...closedWith(1000)],
  })),
  {
    name: 'RFC 6455 §5.5 close with a reason of 124 octets is too long',
    path,
    steps: [send(close(1000, 'x'.repeat(124))), ...failed(1002)],
  },
  ...['ff', 'c0 af', 'ed a0 80', 'f4 90 80 80', '61 80', 'e2 82', 'c3', 'f0 9f a6'].map(
    (octets) => ({
      name: `RFC 6455 §5.5.1 close with a reason that is not UTF-8: ${octets}`,
      path,
      steps: [send(close(1000, hex(octets))), ...failed(1007)],
    }),
  ),
  ...[1, 3].map((chunk) => ({
    name: `RFC 6455 §5.5.1 close in TCP pieces of ${chunk}`,
    path,
    steps: [send(close(4321, 'piece by piece'), chunk), ...closedWith(4321)],
  })),
]

function dataAfter(name: string, octets: Uint8Array): Case {
  return {
    name: `RFC 6455 §5.5.1 ${name} after close, in the same write, is not looked at`,
    path,
    steps: [send(concat(close(1000), octets)), ...closedWith(1000)],
  }
}

const after: readonly Case[] = [
  dataAfter('text', text('late')),
  dataAfter('binary', binary('late')),
  dataAfter('ping', ping('late')),
  dataAfter('pong', pong('late')),
  dataAfter('a second close', close(1001)),
  dataAfter('half a message', text('late', { fin: false })),
  dataAfter('a bad frame', frame(3, 'late')),
  dataAfter('an unmasked frame', text('late', { mask: null })),
  dataAfter('64 KiB of garbage', new Uint8Array(65_536).fill(0xff)),
  {
    name: 'RFC 6455 §5.5.1 a message before close in the same write is answered first',
    path,
    steps: [
      send(concat(text('last words'), close(1000))),
      expectText('last words'),
      ...closedWith(1000),
    ],
  },
  {
    name: 'RFC 6455 §7.1.1 data in a later write after close is not answered',
    path,
    steps: [
      send(close(1000)),
      expectClose(1000),
      send(concat(text('late'), ping('late'))),
      expectEnd(),
    ],
  },
  {
    name: 'RFC 6455 §7.1.4 the server ends TCP first, without waiting for the other FIN',
    path,
    steps: [send(close(1000)), expectClose(1000), expectEnd(2000)],
  },
]

const serverBegins: readonly Case[] = [
  ...[1000, 1001, 1008, 1011, 3000, 4999].map((code) => ({
    name: `RFC 6455 §7.1.2 the server closes with ${code}, the client answers`,
    path: '/close',
    steps: [
      send(text(`${code} why`)),
      expectCloseReason(code, 'why'),
      send(close(code)),
      expectEnd(),
    ],
  })),
  {
    name: 'RFC 6455 §7.1.2 the server closes without a code',
    path: '/close',
    steps: [send(text('')), expectClose(undefined), send(close()), expectEnd()],
  },
  {
    name: 'RFC 6455 §7.1.2 the client answers a close of the server with another code',
    path: '/close',
    steps: [send(text('4000 a')), expectClose(4000), send(close(4001, 'b')), expectEnd()],
  },
  {
    name: 'RFC 6455 §7.1.2 the client answers a close of the server with an empty frame',
    path: '/close',
    steps: [send(text('4000 a')), expectClose(4000), send(close()), expectEnd()],
  },
  {
    name: 'RFC 6455 §5.5.1 both sides close at once: one close frame each',
    path: '/close',
    steps: [send(concat(text('4000 crossing'), close(4001))), expectClose(4000, 4001), expectEnd()],
  },
  {
    name: 'RFC 6455 §5.5.1 messages that were under way when the server closed get no answer',
    path: '/close',
    steps: [
      send(text('4000 a')),
      expectClose(4000),
      send(concat(text('4002 again'), text('4003 again'))),
      send(close(4000)),
      expectEnd(),
    ],
  },
  {
    name: 'RFC 6455 §7.1.7 a bad frame instead of the answer ends the line',
    path: '/close',
    steps: [send(text('4000 a')), expectClose(4000), send(frame(3)), expectEnd()],
  },
  {
    name: 'RFC 6455 §7.1.1 the client ends TCP instead of answering the close',
    path: '/close',
    steps: [send(text('4000 a')), expectClose(4000), finish, expectEnd()],
  },
  {
    name: 'RFC 6455 §7.4 a program that terminates sends no close frame',
    path: '/close',
    steps: [send(text('terminate')), expectEnd()],
  },
]

const hanging: readonly Case[] = [
  {
    name: 'Hostile: close hang: the close of the server is never answered, TCP held open',
    path: '/close',
    steps: [send(text('4000 a')), expectClose(4000), expectEnd(1500), expectGone(1500)],
  },
  {
    name: 'Hostile: close hang: data instead of an answer to the close, for as long as it is taken',
    path: '/close',
    steps: [
      send(text('4000 a')),
      expectClose(4000),
      ...Array.from({ length: 20 }, () => send(text('x'.repeat(100)), 106, 10)),
      expectEnd(1500),
      expectGone(1500),
    ],
  },
  {
    name: 'Hostile: close hang: close, then TCP held open (CVE-2024-23672)',
    path: '/limits',
    steps: [send(close(1000)), expectClose(1000), expectEnd(1500), expectGone(1500)],
  },
  {
    name: 'Hostile: close hang: protocol error, then TCP held open',
    path: '/limits',
    steps: [send(frame(3)), expectClose(1002), expectEnd(1500), expectGone(1500)],
  },
  {
    name: 'Hostile: close hang: default close timeout, TCP held open',
    path,
    steps: [send(close(1000)), expectClose(1000), expectEnd(1500), expectGone(7000)],
  },
]

const withoutClose: readonly Case[] = [
  {
    name: 'RFC 6455 §7.1.5 FIN without a close frame ends the line from both sides',
    path,
    steps: [...stillServed, finish, expectEnd()],
  },
  {
    name: 'RFC 6455 §7.1.5 FIN inside a frame',
    path,
    steps: [send(text('half', { declaredLength: 100n })), finish, expectEnd()],
  },
  {
    name: 'RFC 6455 §7.1.5 FIN between fragments',
    path,
    steps: [send(text('half', { fin: false })), finish, expectEnd()],
  },
  {
    name: 'RFC 6455 §7.1.5 FIN inside a header',
    path,
    steps: [send(text('half').subarray(0, 3)), finish, expectEnd()],
  },
  {
    name: 'RFC 6455 §7.1.5 a message, then FIN at once: the message is answered',
    path,
    steps: [send(text('before')), finish, expectText('before'), expectEnd()],
  },
  {
    name: 'RFC 6455 §7.1.5 close, then FIN at once',
    path,
    steps: [send(close(1000)), finish, expectClose(1000), expectEnd()],
  },
  {
    name: 'RFC 6455 §7.1.5 RST while a message is being answered',
    path: '/async',
    steps: [send(text('slow')), wait(10), reset],
  },
  {
    name: 'RFC 6455 §7.1.2 close while an asynchronous handler runs is answered without waiting for it',
    path: '/async',
    steps: [send(close(1000)), ...closedWith(1000)],
  },
]

const handlers: readonly Case[] = [
  {
    name: 'RFC 6455 §7.4.1 a handler that throws closes this connection with 1011',
    path: '/throws',
    steps: [send(text('x')), expectClose(1011), send(close(1011)), expectEnd()],
  },
  {
    name: 'RFC 6455 §7.4.1 a handler that rejects closes this connection with 1011',
    path: '/rejects',
    steps: [send(text('x')), expectClose(1011), send(close(1011)), expectEnd()],
  },
  {
    name: 'RFC 6455 §7.4.1 nothing follows the 1011 of a handler that throws',
    path: '/throws',
    steps: [
      send(concat(text('x'), text('y'), ping('z'))),
      expectClose(1011),
      send(close(1011)),
      expectEnd(),
    ],
  },
  {
    name: 'Hostile: memory leak to peer: a typed array as close reason is a TypeError (CVE-2026-45736)',
    path: '/misuse',
    steps: [send(text('x')), expectText('TypeError'), send(close(1000)), ...closedWith(1000)],
  },
]

const unfinished: Case = {
  name: 'RFC 6455 §5.5.1 close right behind an unfinished message drops the message',
  path,
  steps: [
    send(concat(text('a', { fin: false }), continuation('b', { fin: false }), close(1000))),
    ...closedWith(1000),
  ],
}

export const closeCases: readonly Case[] = [
  ...codes,
  ...bodies,
  ...after,
  ...serverBegins,
  ...hanging,
  ...withoutClose,
  ...handlers,
  unfinished,
]
