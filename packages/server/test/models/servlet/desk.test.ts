// The desk: places, stragglers, ids, room to send, and the end, whatever settles when.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { codesOf, Gates, stood } from './servlet-stand.ts'

const request = (id: unknown): string => JSON.stringify({ id, data: id })

test('never do more handlers live than there are places, stragglers included', async () => {
  const gates = new Gates()
  const begun: unknown[] = []
  const { line, pass, settle } = stood(
    async (id) => {
      begun.push(id)
      await gates.of(id).promise
      return id
    },
    { concurrency: 2, deadlineMs: 1_000 },
  )
  line.text(...[1, 2, 3, 4, 5].map(request))
  assert.deepEqual(begun, [1, 2])
  await pass(1_300)
  assert.deepEqual(codesOf(line.shown()), ['ERR_REQUEST_DEADLINE', 'ERR_REQUEST_DEADLINE'])
  assert.deepEqual(begun, [1, 2])
  gates.of(2).resolve(undefined)
  await settle()
  assert.deepEqual(begun, [1, 2, 3])
  await pass(1_300)
  // 3 ran into its deadline, 4 into its own while it waited for a straggler.
  assert.deepEqual(codesOf(line.shown()), ['ERR_REQUEST_DEADLINE', 'ERR_REQUEST_DEADLINE'])
  assert.deepEqual(begun, [1, 2, 3])
  gates.of(5).resolve(undefined)
  gates.of(1).resolve(undefined)
  await settle()
  assert.deepEqual(begun, [1, 2, 3, 5])
  assert.deepEqual(line.shown(), ['1 {"id":5,"data":5}'])
})

test('the id of a request that was given up is free at once, and its late end frees nobody else’s', async () => {
  const gates = new Gates()
  let calls = 0
  const { line, pass, settle } = stood(
    async () => {
      const call = ++calls
      await gates.of(call).promise
      return call
    },
    { concurrency: 3, deadlineMs: 1_000 },
  )
  line.text(request('a'))
  await pass(1_300)
  assert.deepEqual(codesOf(line.shown()), ['ERR_REQUEST_DEADLINE'])
  line.text(request('a'))
  gates.of(1).resolve(undefined)
  await settle()
  line.text(request('a'))
  assert.deepEqual(codesOf(line.shown()), ['ERR_REQUEST_ID'])
  gates.of(2).resolve(undefined)
  await settle()
  assert.deepEqual(line.shown(), ['1 {"id":"a","data":2}'])
})

test('a request that waits for a straggler keeps its id, and is answered once where its handler returns at once', async () => {
  const gates = new Gates()
  const { line, pass, settle } = stood((id) => (id === 1 || id === 2 ? gates.of(id).promise : id), {
    concurrency: 2,
    deadlineMs: 1_000,
  })
  line.text(request(1), request(2))
  await pass(1_300)
  line.shown()
  line.text(request(3), request(3))
  assert.deepEqual(codesOf(line.shown()), ['ERR_REQUEST_ID'])
  gates.of(1).resolve(undefined)
  await settle()
  assert.deepEqual(line.shown(), ['1 {"id":3,"data":3}'])
  await pass(3_000)
  assert.deepEqual(line.shown(), [])
})

test('a deadline that has no more to wait for is taken off the wheel', async () => {
  const gates = new Gates()
  const { line, stand, settle } = stood(() => gates.of('all').promise, {
    concurrency: 2,
    deadlineMs: 9_000,
  })
  const before = stand.context.wheel.size
  line.text(request(1), request(2))
  assert.equal(stand.context.wheel.size, before + 2)
  gates.of('all').resolve('done')
  await settle()
  assert.equal(stand.context.wheel.size, before)
  line.text(request(3))
  line.connection.transportClosed()
  assert.equal(stand.context.wheel.size, 0)
})

test('who waits for room goes on when there is some, and ends when there never will be', async () => {
  const ended: unknown[] = []
  const { line, settle } = stood(
    async function* (id) {
      try {
        for (;;) yield 'x'.repeat(600)
      } finally {
        ended.push(id)
      }
    },
    { concurrency: 2 },
    { limits: { highWaterBytes: 1_000, lowWaterBytes: 100 } },
  )
  line.transport.writesTaken = 0
  line.text(request(1), request(2))
  await settle()
  for (let round = 0; round < 5; round++) {
    assert.ok(line.connection.bufferedBytes < 5_000)
    line.frames()
    line.transport.takeUnderWay()
    await settle()
    assert.ok(line.connection.bufferedBytes > 1_000)
  }
  assert.deepEqual(ended, [])
  line.transport.breakOff()
  await settle()
  assert.deepEqual(new Set(ended), new Set([1, 2]))
  assert.equal(ended.length, 2)
})

type Kind = 'now' | 'later' | 'several' | 'throws' | 'rejects' | 'hangs'

test('whatever settles when: every request is answered once, handlers never exceed their places, and at 1 replies keep their order', async () => {
  const kinds = fc.constantFrom<Kind>('now', 'later', 'several', 'throws', 'rejects', 'hangs')
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.constantFrom(1, 2, 3),
      fc.array(kinds, { minLength: 1, maxLength: 40 }),
      fc.nat(),
      async (scheduler, concurrency, script, closesAt) => {
        let living = 0
        const turn = (): Promise<unknown> => scheduler.schedule(Promise.resolve(), 'step')
        const { line, stand, settle, pass } = stood(
          (message, { signal }) => {
            const index = Number(message)
            const kind = script[index]!
            assert.ok(living < concurrency)
            if (kind === 'now') return String(index)
            if (kind === 'throws') throw new Error('thrown')
            living++
            if (kind === 'several') {
              return (async function* () {
                try {
                  yield `${index} a`
                  await turn()
                  yield `${index} b`
                } finally {
                  living--
                }
              })()
            }
            return (async () => {
              await turn()
              if (kind === 'hangs') {
                if (!signal.aborted) {
                  await new Promise((resolve) => {
                    signal.addEventListener('abort', resolve)
                  })
                }
                await turn()
              }
              living--
              if (kind === 'rejects') throw new Error('rejected')
              return String(index)
            })()
          },
          { concurrency, deadlineMs: 1_000 },
        )
        const replies: string[] = []
        const drive = async (): Promise<void> => {
          for (let round = 0; round < script.length + 3; round++) {
            await settle()
            await scheduler.waitIdle()
            await settle()
            await pass(1_300)
            replies.push(...line.shown())
          }
        }
        const texts = script.map((_, id) => (concurrency === 1 ? String(id) : request(id)))
        const closing = closesAt % 4 === 0 ? closesAt % script.length : script.length
        line.text(...texts.slice(0, closing))
        if (closing < script.length) {
          line.connection.transportClosed()
          await drive()
          assert.equal(living, 0)
          assert.equal(stand.context.wheel.size, 0)
          return
        }
        await drive()
        assert.equal(living, 0)
        const expected = script.map((kind, id): unknown[] => {
          if (kind === 'hangs') return ['ERR_REQUEST_DEADLINE']
          if (kind === 'throws' || kind === 'rejects') return ['ERR_REQUEST_FAILED']
          const data = kind === 'several' ? [`${id} a`, `${id} b`] : [String(id)]
          if (concurrency === 1) return data
          const texts = data.map((text) => JSON.stringify({ id, data: text }))
          return kind === 'several' ? [...texts, JSON.stringify({ id, done: true })] : texts
        })
        if (concurrency === 1) {
          assert.deepEqual(codesOf(replies), expected.flat())
          return
        }
        for (const [id, own] of expected.entries()) {
          const found = replies.filter((text) => text.startsWith(`1 {"id":${id},`))
          assert.deepEqual(codesOf(found), own)
        }
        assert.equal(replies.length, expected.flat().length)
      },
    ),
    { numRuns: 40 },
  )
})
