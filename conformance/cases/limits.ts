// Bounds: message size (RFC 6455 §10.4, close code 1009 of §7.4.1), time and counts.

import {
  binary,
  close,
  concat,
  concatAll,
  continuation,
  fragments,
  Opcode,
  ping,
  pong,
  text,
} from '../frame-codec.ts'
import {
  expectBinary,
  expectClose,
  expectEnd,
  expectPong,
  expectStatus,
  expectText,
  failed,
  quiet,
  refused,
  send,
  stillServed,
  wait,
  type Case,
  type Scene,
} from '../script.ts'
import { request } from '../upgrade-request.ts'

const path = '/limits'
const mebibyte = 1_048_576

const smallLimit: readonly Case[] = [
  ...[1, 1023, 1024].map((length) => ({
    name: `RFC 6455 §10.4 message of ${length} octets where 1,024 are allowed`,
    path,
    steps: [send(binary(new Uint8Array(length))), expectBinary(new Uint8Array(length))],
  })),
  ...[1025, 1026, 65_535, 65_536].map((length) => ({
    name: `RFC 6455 §7.4.1 message of ${length} octets where 1,024 are allowed`,
    path,
    steps: [send(text('x'.repeat(length))), ...failed(1009)],
  })),
  ...[1025n, 65_536n, 1n << 20n, 1n << 40n].map((declaredLength) => ({
    name: `RFC 6455 §7.4.1 frame declaring ${declaredLength} octets where 1,024 are allowed, none sent`,
    path,
    steps: [send(text('', { declaredLength })), ...failed(1009)],
  })),
  ...[1, 16, 128, 512, 1023].map((size) => ({
    name: `RFC 6455 §5.4 1,024 octets in fragments of ${size} where 1,024 are allowed`,
    path,
    steps: [
      send(concatAll(fragments(Opcode.text, 'f'.repeat(1024), size))),
      expectText('f'.repeat(1024)),
    ],
  })),
  ...[1, 16, 128, 512, 1024].map((size) => ({
    name: `RFC 6455 §7.4.1 1,025 octets in fragments of ${size} where 1,024 are allowed`,
    path,
    steps: [send(concatAll(fragments(Opcode.text, 'f'.repeat(1025), size))), ...failed(1009)],
  })),
  {
    name: 'RFC 6455 §7.4.1 a continuation whose declared length passes the limit is refused at its header',
    path,
    steps: [
      send(
        concat(text('x'.repeat(1000), { fin: false }), continuation('', { declaredLength: 25n })),
      ),
      ...failed(1009),
    ],
  },
  {
    name: 'RFC 6455 §5.4 the limit is for each message, not for the line',
    path,
    steps: Array.from({ length: 5 }, () => [
      send(text('y'.repeat(1024))),
      expectText('y'.repeat(1024)),
    ]).flat(),
  },
  {
    name: 'RFC 6455 §5.5 control frames between fragments do not count towards the message',
    path,
    steps: [
      send(
        concat(
          text('x'.repeat(1000), { fin: false }),
          ping('p'.repeat(125)),
          continuation('y'.repeat(24)),
        ),
      ),
      expectPong('p'.repeat(125)),
      expectText('x'.repeat(1000) + 'y'.repeat(24)),
    ],
  },
]

const large = () => Buffer.alloc(mebibyte, 'large message ')

const defaultLimit: readonly Case[] = [
  {
    name: 'RFC 6455 §10.4 binary of exactly 1 MiB at default limits',
    path: '/echo',
    steps: [send(() => binary(large())), expectBinary(large)],
  },
  {
    name: 'RFC 6455 §10.4 text of exactly 1 MiB at default limits',
    path: '/echo',
    steps: [send(() => text(large())), expectText(large)],
  },
  {
    name: 'RFC 6455 §10.4 1 MiB in fragments of 4,096',
    path: '/echo',
    steps: [send(() => concatAll(fragments(Opcode.binary, large(), 4096))), expectBinary(large)],
  },
  {
    name: 'RFC 6455 §7.4.1 1 MiB and one octet at default limits: 1009 at the header',
    path: '/echo',
    steps: [send(binary('', { declaredLength: BigInt(mebibyte + 1) })), ...failed(1009)],
  },
  {
    name: 'RFC 6455 §7.4.1 1 MiB and one octet in fragments at default limits',
    path: '/echo',
    steps: [
      send(() =>
        concat(
          ...fragments(Opcode.binary, large(), 65_536).slice(0, -1),
          continuation(new Uint8Array(65_536), { fin: false }),
          continuation('x'),
        ),
      ),
      ...failed(1009),
    ],
  },
  {
    name: 'RFC 6455 §7.4.1 what follows a refused header on the line is discarded',
    path: '/echo',
    steps: [send(() => binary(Buffer.alloc(2 * mebibyte))), expectClose(1009), expectEnd()],
  },
]

const times: readonly Case[] = [
  {
    name: 'RFC 6455 §7.4.1 a fragmented message that is not finished in time: 1008',
    path,
    steps: [send(text('a', { fin: false })), expectClose(1008), expectEnd()],
  },
  {
    name: 'RFC 6455 §7.4.1 a frame whose payload stops coming: 1008',
    path,
    steps: [send(text('abc', { declaredLength: 100n })), expectClose(1008), expectEnd()],
  },
  {
    name: 'RFC 6455 §7.4.1 a frame whose header stops coming: 1008',
    path,
    steps: [send(text('abc').subarray(0, 1)), expectClose(1008), expectEnd()],
  },
  {
    name: 'RFC 6455 §7.4.1 a frame that comes too slowly, one octet after the other: 1008',
    path,
    steps: [send(text('x'.repeat(60)), 1, 20), expectClose(1008), expectEnd()],
  },
  {
    name: 'RFC 6455 §7.4.1 pings do not prolong the time of an unfinished message',
    path,
    steps: [
      send(text('a', { fin: false })),
      wait(200),
      send(ping('p')),
      expectPong('p'),
      wait(150),
      send(ping('q')),
      expectPong('q'),
      expectClose(1008),
      expectEnd(),
    ],
  },
  {
    name: 'RFC 6455 §7.4.1 many short messages one after the other are each in time',
    path,
    steps: Array.from({ length: 12 }, () => [...stillServed, wait(60)]).flat(),
  },
  {
    name: 'RFC 6455 §7.4.1 a line without messages for the idle time: 1001',
    path: '/idle',
    steps: [...stillServed, expectClose(1001), send(close(1001)), expectEnd()],
  },
  {
    name: 'RFC 6455 §7.4.1 messages keep a line from being idle',
    path: '/idle',
    steps: Array.from({ length: 8 }, () => [...stillServed, wait(200)]).flat(),
  },
  {
    name: 'Hostile: slowloris: silence after 101: a client that answers no ping is taken for gone',
    async run(scene) {
      const connection = await scene.open('/keepalive')
      const first = await connection.readFrame(3000)
      if (first?.opcode !== Opcode.ping) scene.fail('a ping', connection.describe())
      const ended = await connection.until(() => connection.ended, 3000)
      if (!ended) scene.fail('the end of TCP after an unanswered ping', connection.describe())
    },
  },
  {
    name: 'RFC 6455 §5.5.3 a client that answers pings stays',
    async run(scene) {
      const connection = await scene.open('/keepalive')
      // Twice as long as an unanswered ping is waited for.
      for (let i = 0; i < 8; i++) {
        const frame = await connection.readFrame(3000)
        if (frame?.opcode !== Opcode.ping) return scene.fail('a ping', connection.describe())
        await connection.write(pong(frame.payload))
      }
    },
  },
]

const rates: readonly Case[] = [
  {
    name: 'RFC 6455 §7.4.1 more messages a second than allowed: 1008',
    async run(scene) {
      await floodUntilClose(scene, '/messages-per-second', text('m'), 200)
    },
  },
  {
    name: 'RFC 6455 §7.4.1 more bytes a second than allowed: 1008',
    async run(scene) {
      await floodUntilClose(scene, '/bytes-per-second', binary(new Uint8Array(1000)), 100)
    },
  },
  {
    name: 'RFC 6455 §7.4.1 as many messages as allowed are served',
    path: '/messages-per-second',
    steps: Array.from({ length: 12 }, () => stillServed).flat(),
  },
]

async function floodUntilClose(
  scene: Scene,
  route: string,
  octets: Uint8Array,
  count: number,
): Promise<void> {
  const connection = await scene.open(route)
  await connection.write(concatAll(Array.from({ length: count }, () => octets)))
  let answeredCount = 0
  for (;;) {
    const frame = await connection.readFrame(5000)
    if (frame === undefined) scene.fail('a close frame with 1008', connection.describe())
    if (frame.opcode === Opcode.close) {
      const code = Buffer.from(frame.payload).readUInt16BE()
      if (code !== 1008) scene.fail('close 1008', `close ${code}`)
      break
    }
    answeredCount++
  }
  if (answeredCount >= count) scene.fail(`fewer than ${count} answers`, `${answeredCount}`)
  await scene.play(connection, [expectEnd()])
}

const counts: readonly Case[] = [
  {
    name: 'Hostile: connections of a route beyond its limit: 503, and room again once one ends',
    async run(scene) {
      const first = await scene.open('/two-connections')
      const second = await scene.open('/two-connections')
      const third = await scene.connect()
      await scene.play(third, [send(request({ target: '/two-connections' })), ...refused(503)])
      await scene.play(first, stillServed)
      await scene.play(second, [send(close(1000)), expectClose(1000), expectEnd()])
      second.destroy()
      await eventually(scene, async () => {
        const again = await scene.connect()
        await scene.play(again, [
          send(request({ target: '/two-connections' })),
          expectStatus(101),
          ...stillServed,
        ])
      })
    },
  },
  {
    name: 'Hostile: connections from one address beyond the limit: 429, other addresses are served',
    async run(scene) {
      const localAddress = scene.endpoint.transport === 'ws' ? '127.1.0.1' : '127.1.0.2'
      const held = []
      for (let i = 0; i < 4; i++) held.push(await scene.open('/per-address', { localAddress }))
      const fifth = await scene.connect({ localAddress })
      await scene.play(fifth, [send(request({ target: '/per-address' })), ...refused(429)])
      const elsewhere = await scene.open('/per-address', { localAddress: '127.1.0.9' })
      await scene.play(elsewhere, stillServed)
      for (const connection of held) await scene.play(connection, stillServed)
    },
  },
  {
    name: 'Hostile: X-Forwarded-For of nobody trusted does not make another address',
    async run(scene) {
      const localAddress = scene.endpoint.transport === 'ws' ? '127.1.1.1' : '127.1.1.2'
      for (let i = 0; i < 4; i++) {
        const headers = [['X-Forwarded-For', `10.0.0.${i}`] as const]
        await scene.open('/per-address', { localAddress, headers })
      }
      const fifth = await scene.connect({ localAddress })
      const add = [['X-Forwarded-For', '10.0.0.99'] as const]
      await scene.play(fifth, [send(request({ target: '/per-address', add })), ...refused(429)])
    },
  },
  {
    name: 'Hostile: two hundred connections at once from one address: exactly the allowed ones open',
    async run(scene) {
      const localAddress = scene.endpoint.transport === 'ws' ? '127.1.2.1' : '127.1.2.2'
      const statuses = await Promise.all(
        Array.from({ length: 200 }, async () => {
          const connection = await scene.connect({ localAddress })
          await connection.write(request({ target: '/per-address' })(scene.endpoint))
          return (await connection.readHead(8000))?.slice(9, 12)
        }),
      )
      const openCount = statuses.filter((status) => status === '101').length
      const refusedCount = statuses.filter((status) => status === '429').length
      if (openCount !== 4 || refusedCount !== 196) {
        scene.fail('4 × 101 and 196 × 429', `${openCount} × 101 and ${refusedCount} × 429`)
      }
    },
  },
]

/** The server learns of an ended connection a little later than its client. */
async function eventually(scene: Scene, attempt: () => Promise<void>): Promise<void> {
  for (let left = 20; ; left--) {
    try {
      return await attempt()
    } catch (error) {
      if (left === 0) throw error
      scene.note('tried again')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

const unaffected: Case = {
  name: 'RFC 6455 §10.4 nothing happens to a line that keeps to the limits',
  path,
  steps: [...stillServed, quiet(600), ...stillServed],
}

export const limitCases: readonly Case[] = [
  ...smallLimit,
  ...defaultLimit,
  ...times,
  ...rates,
  ...counts,
  unaffected,
]
