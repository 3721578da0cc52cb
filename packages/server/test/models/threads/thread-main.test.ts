import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blocking } from 'holdline/threads'
import type { BlockingHandler } from 'holdline/threads'
import { UpgradeRequest } from '../../../src/connection/upgrade-request.ts'
import { ParcelKind, parseError } from '../../../src/models/threads/parcel-kind.ts'
import { copyRequest } from '../../../src/models/threads/session-request.ts'
import { loadHandler, runSession } from '../../../src/models/threads/thread-main.ts'
import { endsOf } from './ends.ts'
import type { Ends } from './ends.ts'

const at = (name: string): string => new URL(`./sessions/${name}.ts`, import.meta.url).href
const request = copyRequest(
  UpgradeRequest.of({
    method: 'GET',
    target: '/',
    httpVersion: '1.1',
    secure: false,
    rawHeaders: [],
    remoteAddress: '',
  }),
)

async function run(handler: () => Promise<BlockingHandler>): Promise<Ends> {
  const ends = endsOf(1_024)
  await runSession(handler, ends.thread, { id: 1, data: 'd', subprotocol: '', request }, false)
  ends.loop.called()
  return ends
}

test('the default export of the module is its handler; all else is ERR_THREAD_MODULE', async () => {
  assert.equal(typeof (await loadHandler(at('tasks'), false)).run, 'function')
  assert.equal(typeof (await loadHandler(at('typed'), true)).run, 'function')
  for (const [name, isTyped] of [
    ['not-there', false],
    ['no-handler', false],
    ['broken', false],
    ['tasks', true],
  ] as const) {
    await assert.rejects(loadHandler(at(name), isTyped), { code: 'ERR_THREAD_MODULE' })
  }
})

test('a session ends with DONE, behind everything that it sent, and its end is retired', async () => {
  const { got, thread } = await run(() =>
    Promise.resolve(blocking<string>((session) => void session.send(session.data))),
  )
  assert.deepEqual(got, [
    [ParcelKind.MESSAGE, 'd'],
    [ParcelKind.DONE, ''],
  ])
  assert.equal(thread.isRetired, true)
})

test('a handler that throws, one that rejects and one that is none end with FAILED', async () => {
  const fails = [
    () =>
      Promise.resolve(
        blocking(() => {
          throw new TypeError('thrown')
        }),
      ),
    () => Promise.resolve(blocking(() => Promise.reject(new TypeError('thrown')))),
    () => Promise.reject(new TypeError('thrown')),
  ]
  for (const load of fails) {
    const { got, thread } = await run(load)
    assert.equal(got.length, 1)
    assert.equal(got[0]![0], ParcelKind.FAILED)
    const { name, message } = parseError(got[0]![1] as string)
    assert.deepEqual([name, message], ['TypeError', 'thrown'])
    assert.equal(thread.isRetired, true)
  }
})
