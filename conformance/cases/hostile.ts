// Hostile behaviour beside which everybody else must be served: endless messages, resets at every octet, floods.

import {
  binary,
  close,
  concat,
  concatAll,
  continuation,
  fragments,
  frame,
  Opcode,
  ping,
  text,
} from '../frame-codec.ts'
import type { RawConnection } from '../raw-connection.ts'
import {
  expectEnd,
  expectText,
  failed,
  send,
  stillServed,
  type Case,
  type Scene,
} from '../script.ts'
import { request } from '../upgrade-request.ts'

const endless: readonly Case[] = [
  {
    name: 'Hostile: endless fragments of one octet: 1009 at the limit (CVE-2026-48779)',
    path: '/limits',
    steps: [
      send(
        concat(
          text('a', { fin: false }),
          ...Array.from({ length: 3000 }, () => continuation('a', { fin: false })),
        ),
      ),
      ...failed(1009),
    ],
  },
  {
    name: 'Hostile: endless empty fragments: 1008 when the message takes too long (CVE-2026-42786)',
    async run(scene) {
      const connection = await scene.open('/limits')
      connection.push(text('', { fin: false }))
      const empty = concatAll(Array.from({ length: 50 }, () => continuation('', { fin: false })))
      const begin = performance.now()
      while (connection.unreadByteCount === 0 && performance.now() - begin < 4000) {
        connection.push(empty)
        await connection.until(() => connection.unreadByteCount > 0 || connection.ended, 10)
      }
      await scene.play(connection, failed(1008))
    },
  },
  {
    name: 'Hostile: 100,000 empty fragments, then the end: an empty message',
    path: '/echo',
    steps: [
      send(() =>
        concat(
          text('', { fin: false }),
          ...Array.from({ length: 100_000 }, () => continuation('', { fin: false })),
          continuation(''),
        ),
      ),
      expectText(''),
    ],
  },
  {
    name: 'Hostile: 16,000 fragments of one octet are one message',
    path: '/echo',
    steps: [
      send(() => concatAll(fragments(Opcode.text, 'n'.repeat(16_000), 1))),
      expectText('n'.repeat(16_000)),
    ],
  },
  {
    name: 'Hostile: 20,000 fragments of one octet: no limit on their number below the size limit',
    path: '/echo',
    steps: [
      send(() => concatAll(fragments(Opcode.binary, 'n'.repeat(20_000), 1))),
      { do: 'message', expected: { type: 'binary', payload: 'n'.repeat(20_000) }, withinMs: 8000 },
    ],
  },
]

/** Sends the first n octets and leaves, for each n. */
async function leaveAtEachOctet(
  scene: Scene,
  octets: Uint8Array,
  leave: (connection: RawConnection) => void,
): Promise<void> {
  let next = 0
  const lane = async () => {
    for (let n = next++; n <= octets.length; n = next++) {
      const connection = await scene.connect()
      await connection.write(octets.subarray(0, n))
      // Some leave while the server is at work, some after it.
      if (n % 3 === 0) await connection.until(() => connection.receivedByteCount > 0, 5)
      leave(connection)
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
  await scene.play(await scene.open('/echo'), stillServed)
  scene.note(`left at ${octets.length + 1} places`)
}

const visit = (scene: Scene, target: string) =>
  concat(
    request({ target })(scene.endpoint),
    text('a message'),
    text('frag', { fin: false }),
    ping('p'),
    continuation('ment'),
    close(1000, 'bye'),
  )

const leaving: readonly Case[] = [
  {
    name: 'Hostile: uncaught error: RST at each octet of a visit',
    run: (scene) => leaveAtEachOctet(scene, visit(scene, '/echo'), (c) => c.reset()),
    withinMs: 60_000,
  },
  {
    name: 'Hostile: uncaught error: FIN at each octet of a visit',
    run: (scene) => leaveAtEachOctet(scene, visit(scene, '/echo'), (c) => c.finish()),
    withinMs: 60_000,
  },
  {
    name: 'Hostile: uncaught error: RST at each octet of a refused request',
    run: (scene) => leaveAtEachOctet(scene, visit(scene, '/nothing'), (c) => c.reset()),
    withinMs: 60_000,
  },
  {
    name: 'Hostile: uncaught error: RST at each octet behind an asynchronous acceptance',
    run: (scene) => leaveAtEachOctet(scene, visit(scene, '/async-accept'), (c) => c.reset()),
    withinMs: 60_000,
  },
  {
    name: 'Hostile: uncaught error: RST in the middle of an answer of 1 MiB, 50 times',
    async run(scene) {
      for (let i = 0; i < 50; i++) {
        const connection = await scene.open('/echo')
        connection.push(binary(new Uint8Array(1_000_000)))
        await connection.until(() => connection.receivedByteCount > 20_000 * i, 2000)
        connection.reset()
      }
      await scene.play(await scene.open('/echo'), stillServed)
    },
  },
  {
    name: 'Hostile: uncaught error: TLS ended in the middle of a record',
    only: { transport: 'wss', why: 'there is no TLS on ws' },
    async run(scene) {
      for (let n = 1; n < 40; n++) {
        const connection = await scene.connect({ plain: true })
        await connection.write(
          Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...Array(n).fill(n)),
        )
        if (n % 2 === 0) connection.reset()
        else connection.finish()
      }
      await scene.play(await scene.open('/echo'), stillServed)
    },
  },
]

/** Octets of a fixed generator, so that a failure can be had again. */
function garbage(seed: number, length: number): Uint8Array {
  let state = seed * 2_654_435_761 + 1
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  })
}

const seeds = [1, 2, 3, 4, 5, 6, 7, 8]

const garbled: readonly Case[] = [
  ...seeds.map((seed) => ({
    name: `Hostile: garbage of seed ${seed} after the upgrade, 25 lines of it`,
    async run(scene: Scene) {
      for (let i = 0; i < 25; i++) {
        const connection = await scene.open('/echo')
        // Nearly every first octet pair is wrong; a large declared frame may also be waited for.
        await connection.write(garbage(seed * 100 + i, 300))
        connection.finish()
        await scene.play(connection, [{ do: 'over', withinMs: 6000 }])
      }
      await scene.play(await scene.open('/echo'), stillServed)
    },
  })),
  {
    name: 'Hostile: garbage instead of 50 requests',
    async run(scene) {
      for (let i = 0; i < 50; i++) {
        const connection = await scene.connect()
        await connection.write(garbage(i, 200))
        connection.finish()
        await scene.play(connection, [{ do: 'over', withinMs: 6000 }])
      }
      await scene.play(await scene.open('/echo'), stillServed)
    },
  },
  {
    name: 'Hostile: one bit of a good frame flipped at each place',
    async run(scene) {
      const good = text('flip one bit')
      for (let bit = 0; bit < good.length * 8; bit++) {
        const connection = await scene.open('/echo')
        const bad = good.slice()
        bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        await connection.write(concat(bad, close(1000)))
        connection.finish()
        await scene.play(connection, [{ do: 'over', withinMs: 6000 }])
      }
    },
  },
]

/** Reads numbered messages until the line closes; a gap is what must never be. */
async function readNumbered(scene: Scene, connection: RawConnection): Promise<string> {
  let count = 0
  for (;;) {
    const one = await connection.readFrame(8000)
    if (one === undefined) {
      const gone = connection.ended && connection.unreadByteCount === 0
      return `${count} messages, then ${gone ? 'the end' : connection.describe()}`
    }
    if (one.opcode === Opcode.close) {
      return `${count} messages, then close ${Buffer.from(one.payload).readUInt16BE()}`
    }
    if (one.opcode !== Opcode.text) continue
    const number = Number(Buffer.from(one.payload).toString().split(' ')[0])
    if (number !== count) scene.fail(`message ${count}`, `message ${number}: a gap`)
    count++
  }
}

const slowReaders: readonly Case[] = [
  {
    name: 'Hostile: slow reader: direct messages: a cap, then nothing more, and the reader is told',
    async run(scene) {
      const connection = await scene.open('/flood')
      connection.pause()
      connection.push(text('40000'))
      await new Promise((resolve) => setTimeout(resolve, 1500))
      connection.resume()
      const end = await readNumbered(scene, connection)
      scene.note(end)
      if (!/close 1013$|the end$/.test(end)) scene.fail('close 1013 or the end of TCP', end)
      if (end.startsWith('40000 ')) scene.fail('fewer than all messages', end)
    },
  },
  {
    name: 'Hostile: slow reader: a subscriber: a cap, then nothing more, and the reader is told',
    async run(scene) {
      const topic = `slow-${scene.endpoint.transport}`
      const slow = await scene.open('/topic')
      const publisher = await scene.open('/topic')
      await scene.play(slow, [send(text(`subscribe ${topic}`)), expectText(`subscribed ${topic}`)])
      slow.pause()
      publisher.push(text(`publish ${topic} 40000`))
      await new Promise((resolve) => setTimeout(resolve, 1500))
      slow.resume()
      const end = await readNumbered(scene, slow)
      scene.note(end)
      if (!/close 1013$|the end$/.test(end)) scene.fail('close 1013 or the end of TCP', end)
      await scene.play(publisher, [send(text('subscribe x')), expectText('subscribed x')])
    },
  },
  {
    name: 'Hostile: a reader that pauses for a while and stays within the cap gets everything',
    async run(scene) {
      const connection = await scene.open('/flood')
      connection.pause()
      connection.push(text('200'))
      await new Promise((resolve) => setTimeout(resolve, 300))
      connection.resume()
      for (let i = 0; i < 200; i++) {
        await scene.play(connection, [expectText(`${i} `.padEnd(1024, '.'))])
      }
    },
  },
]

const atOnce: readonly Case[] = [
  {
    name: 'Hostile: two hundred connections open, ask and go at once',
    async run(scene) {
      await Promise.all(
        Array.from({ length: 200 }, async (_, i) => {
          const connection = await scene.open('/echo')
          await scene.play(connection, [send(text(`${i}`)), expectText(`${i}`)])
          if (i % 2 === 0) connection.reset()
          else connection.destroy()
        }),
      )
      await scene.play(await scene.open('/echo'), stillServed)
    },
  },
  {
    name: 'Hostile: a hundred lines fail at once with a bad frame',
    async run(scene) {
      const lines = await Promise.all(Array.from({ length: 100 }, () => scene.open('/echo')))
      for (const line of lines) line.push(frame(3))
      await Promise.all(lines.map((line) => scene.play(line, failed(1002))))
    },
  },
  {
    name: 'Hostile: a handler that throws on a hundred lines touches no other',
    async run(scene) {
      const healthy = await scene.open('/echo')
      const lines = await Promise.all(Array.from({ length: 100 }, () => scene.open('/throws')))
      for (const line of lines) line.push(concat(text('x'), close(1000)))
      await scene.play(healthy, stillServed)
      await Promise.all(
        lines.map((line) =>
          scene.play(line, [{ do: 'close', codes: [1011], withinMs: 8000 }, expectEnd()]),
        ),
      )
    },
  },
]

export const hostileCases: readonly Case[] = [
  ...endless,
  ...leaving,
  ...garbled,
  ...slowReaders,
  ...atOnce,
]
