import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Opening, targetOf } from '../../src/load/opening.ts'
import { replyFrame } from '../../src/load/request-frame.ts'

const upgraded = Buffer.from(
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
)
const greeting = [
  { bytes: new Uint8Array(0), replyCount: 1 },
  { bytes: Uint8Array.of(1), replyCount: 2 },
]

test('a plain server is open at the end of its head, however it is cut', () => {
  fc.assert(
    fc.property(fc.nat({ max: upgraded.length }), (cut) => {
      const opening = new Opening([])
      const early = cut > 0 && opening.take(upgraded, 0, cut)
      assert.equal(early, cut === upgraded.length)
      if (!early) assert.equal(opening.take(upgraded, cut, upgraded.length), true)
    }),
  )
})

test('a greeting goes step by step, however the bytes of the server are cut', () => {
  const bytes = Buffer.concat([
    upgraded,
    replyFrame('text', Buffer.from('0{}')),
    replyFrame('text', Buffer.alloc(200)),
    replyFrame('binary', Buffer.alloc(70_000)),
  ])
  fc.assert(
    fc.property(fc.array(fc.nat({ max: bytes.length }), { maxLength: 8 }), (cuts) => {
      const opening = new Opening(greeting)
      const edges = [...new Set([0, ...cuts, bytes.length])].toSorted((a, b) => a - b)
      const steps: number[] = []
      for (const [index, end] of edges.slice(1).entries()) {
        assert.equal(opening.take(bytes, edges[index], end), end === bytes.length)
        const step = opening.takeDueStep()
        if (step !== undefined) steps.push(step)
        assert.equal(opening.takeDueStep(), undefined)
      }
      if (edges.length > 2) assert.ok(steps.length <= 1)
      assert.ok(steps.every((step) => step === 1))
    }),
  )
})

for (const [what, head] of [
  ['another status', upgraded.toString().replace('101', '503')],
  ['a wrong accept', upgraded.toString().replace('s3pP', 'xxxx')],
] as const) {
  test(`${what} is refused`, () => {
    const bytes = Buffer.from(head)
    assert.throws(() => new Opening([]).take(bytes, 0, bytes.length), /refused the upgrade/)
  })
}

test('a head without an end is refused', () => {
  const bytes = Buffer.alloc(20_000, 'x')
  assert.throws(() => new Opening([]).take(bytes, 0, bytes.length), /no end/)
})

test('bytes behind the last step are refused', () => {
  const bytes = Buffer.concat([upgraded, replyFrame('text', Buffer.from('x'))])
  assert.throws(() => new Opening([]).take(bytes, 0, bytes.length), /before it was spoken to/)
})

test('the request asks for the path', () => {
  const { request } = targetOf(8080, '/t/7', [])
  const offered = targetOf(8080, '/line', [], 'holdline.v1').request.toString()
  assert.match(offered, /\r\nSec-WebSocket-Protocol: holdline\.v1\r\n\r\n$/)
  assert.doesNotMatch(request.toString(), /Protocol/)
  assert.match(
    Buffer.from(request).toString(),
    /^GET \/t\/7 HTTP\/1\.1\r\nHost: 127\.0\.0\.1:8080\r\n/,
  )
})
