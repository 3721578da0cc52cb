import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { UpgradeRequest } from '../../../src/connection/upgrade-request.ts'
import { ParcelKind } from '../../../src/models/threads/parcel-kind.ts'
import { PooledThread } from '../../../src/models/threads/pooled-thread.ts'
import { copyRequest } from '../../../src/models/threads/session-request.ts'
import type { SessionStart } from '../../../src/models/threads/session.ts'

// Threads do not keep the process, and the tests wait for them.
const keeper = setInterval(() => {}, 1_000)
after(() => clearInterval(keeper))

/** A thread on its own, and everything that it says. */
class Watched {
  readonly said: unknown[] = []
  readonly thread: PooledThread
  #look: (() => void)[] = []

  constructor() {
    const moduleUrl = new URL('./sessions/tasks.ts', import.meta.url).href
    this.thread = new PooledThread(
      { moduleUrl, isTyped: false, canPublish: false, ringBytes: 1_024, resourceLimits: {} },
      { freed: () => this.#say('freed'), exited: () => this.#say('exited') },
    )
  }

  begin(task: string, data?: unknown): void {
    this.thread.begin(startOf(task, data), {
      parcel: (kind, payload) => this.#say([kind, payload]),
      room: () => {},
      finished: (error) => void this.#say(error),
    })
  }

  async until(count: number): Promise<unknown[]> {
    while (this.said.length < count) await new Promise<void>((resolve) => this.#look.push(resolve))
    return this.said.splice(0)
  }

  #say(what: unknown): boolean {
    this.said.push(what)
    for (const look of this.#look.splice(0)) look()
    return true
  }
}

function startOf(task: string, data: unknown): SessionStart {
  const request = UpgradeRequest.of({
    method: 'GET',
    target: `/?task=${task}`,
    httpVersion: '1.1',
    secure: false,
    rawHeaders: [],
    remoteAddress: '',
  })
  return { id: 1, data, subprotocol: '', request: copyRequest(request) }
}

test('sessions one after the other in one thread, each with its own messages', async () => {
  const watched = new Watched()
  for (const text of ['one', 'two', 'three'.repeat(1_000)]) {
    watched.begin('answer-and-return')
    // More than the handler takes: the rest must not reach the next session.
    watched.thread.write(ParcelKind.MESSAGE, text)
    watched.thread.write(ParcelKind.MESSAGE, 'never taken')
    assert.deepEqual(await watched.until(3), [[ParcelKind.MESSAGE, text], null, 'freed'])
  }
  watched.thread.terminate()
  assert.deepEqual(await watched.until(1), ['exited'])
})

test('terminate stops for (;;) {}: the session is finished with an error, and then the thread is gone', async () => {
  const watched = new Watched()
  watched.begin('spin')
  assert.deepEqual(await watched.until(1), [[ParcelKind.MESSAGE, 'spinning']])
  watched.thread.terminate()
  const [error, gone] = await watched.until(2)
  assert.equal((error as { code: string }).code, 'ERR_THREAD_EXITED')
  assert.equal(gone, 'exited')
})

test('terminate stops a thread that waits in recv', async () => {
  const watched = new Watched()
  watched.begin('thread-id')
  await watched.until(1)
  watched.thread.terminate()
  const [error] = await watched.until(2)
  assert.equal((error as { code: string }).code, 'ERR_THREAD_EXITED')
})

test('a handler that returns at the moment at which its thread is stopped: the thread is not free', async () => {
  const watched = new Watched()
  watched.begin('return')
  assert.deepEqual(await watched.until(2), [null, 'freed'])
  watched.begin('return')
  // The loop stands still while the thread says that it is done.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
  watched.thread.terminate()
  assert.deepEqual(await watched.until(2), [null, 'exited'])
})

test('data that cannot be cloned: ERR_THREAD_DATA, and the thread takes the next session', async () => {
  const watched = new Watched()
  assert.throws(() => watched.begin('echo', () => {}), { code: 'ERR_THREAD_DATA' })
  watched.begin('return')
  assert.deepEqual(await watched.until(2), [null, 'freed'])
  watched.thread.terminate()
  await watched.until(1)
})

test('threads that wait, and threads that spin, do not keep the process', async () => {
  const program = fileURLToPath(new URL('./programs/ends.ts', import.meta.url))
  const child = spawn(process.execPath, ['-C', 'source', program], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code] = (await once(child, 'exit')) as [number]
  assert.equal(code, 0)
})
