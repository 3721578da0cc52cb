// Which pages may connect (RFC 6455 §10.2, CWE-1385): the same host by default, exactly what is listed otherwise.

import { expectStatus, refused, send, stillServed, type Case } from '../script.ts'
import { request } from '../upgrade-request.ts'

const cookie = ['Cookie', 'session=secret'] as const

function allowed(name: string, target: string, origin: string | null): Case {
  const add = origin === null ? [cookie] : [cookie, ['Origin', origin] as const]
  return {
    name: `RFC 6455 §10.2 ${name}`,
    steps: [send(request({ target, add })), expectStatus(101), ...stillServed],
  }
}

function denied(name: string, target: string, origin: string, statuses = [403]): Case {
  return {
    name: `RFC 6455 §10.2 ${name}`,
    steps: [send(request({ target, add: [cookie, ['Origin', origin]] })), ...refused(statuses)],
  }
}

const foreign: readonly (readonly [string, string])[] = [
  ['another host', 'https://evil.example'],
  ['null', 'null'],
  ['empty', ''],
  ['this host on another port', '{scheme}://{host}:1'],
  ['this host without its port', '{scheme}://{host}'],
  ['this host as a prefix', '{scheme}://{host}:{port}.evil.example'],
  ['this host as a subdomain', '{scheme}://{host}.evil.example:{port}'],
  ['this host as user information', '{scheme}://{host}:{port}@evil.example'],
  ['this host behind a hash', '{scheme}://evil.example#{host}:{port}'],
  ['this host as a path', '{scheme}://evil.example/{host}:{port}'],
  ['this host as a query', '{scheme}://evil.example?{host}:{port}'],
  ['this host behind a backslash', '{scheme}://evil.example\\@{host}:{port}'],
  ['this host with a dot behind it', '{scheme}://{host}.:{port}'],
  ['a longer port', '{scheme}://{host}:{port}0'],
  ['a list of this host and another', '{scheme}://{host}:{port} https://evil.example'],
  ['a list with a comma', '{scheme}://{host}:{port}, https://evil.example'],
  ['no scheme', '{host}:{port}'],
  ['only slashes', '//{host}:{port}'],
  ['not a URL', 'x'],
  ['a file', 'file://'],
  ['a script', 'javascript:alert(1)'],
  ['a browser extension', 'chrome-extension://abcdefghijklmnop'],
  ['no host', 'https://'],
  ['a property name', '__proto__'],
  ['not ASCII', 'https://ev\u00efl.example'],
]

const sameHost: readonly Case[] = [
  allowed('no Origin: not a browser', '/echo', null),
  allowed('the same host and port', '/echo', '{scheme}://{host}:{port}'),
  ...foreign.map(([name, origin]) =>
    denied(`foreign origin with a cookie: ${name}`, '/echo', origin),
  ),
  {
    name: 'RFC 6455 §10.2 two Origin headers, one of them of this host',
    steps: [
      send(
        request({
          add: [
            ['Origin', '{scheme}://{host}:{port}'],
            ['Origin', 'https://evil.example'],
          ],
        }),
      ),
      ...refused([400, 403]),
    ],
  },
  {
    name: 'RFC 6455 §10.2 the header of an older version does not stand for Origin',
    steps: [
      send(request({ add: [['Sec-WebSocket-Origin', 'https://evil.example']] })),
      expectStatus(101),
    ],
  },
  {
    name: 'RFC 6455 §10.2 X-Forwarded-Host does not make a foreign origin ours',
    steps: [
      send(
        request({
          add: [
            ['Origin', 'https://evil.example'],
            ['X-Forwarded-Host', 'evil.example'],
          ],
        }),
      ),
      ...refused(403),
    ],
  },
]

const listed: readonly Case[] = [
  allowed('no Origin where origins are listed', '/listed-origins', null),
  allowed('a listed origin', '/listed-origins', 'https://good.example'),
  ...[
    'https://good.example.evil.com',
    'https://evil-good.example',
    'https://sub.good.example',
    'http://good.example',
    'https://good.example:8443',
    'https://good.example@evil.com',
    'https://evil.com/https://good.example',
    'https://good.exampl',
    'https://goodxexample',
    'null',
    '',
    '{scheme}://{host}:{port}',
  ].map((origin) =>
    denied(`not listed: ${origin === '' ? 'empty' : origin}`, '/listed-origins', origin),
  ),
]

const any: readonly Case[] = ['https://evil.example', 'null', 'x'].map((origin) =>
  allowed(`any origin where the route says so: ${origin}`, '/any-origin', origin),
)

export const originCases: readonly Case[] = [...sameHost, ...listed, ...any]
