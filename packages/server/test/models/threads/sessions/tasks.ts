// What the threads of the tests do: `?task=` says which. The tests are beside the server, in threads.test.ts.
import { threadId } from 'node:worker_threads'
import { setTimeout as delay } from 'node:timers/promises'
import { blocking, TIMEOUT } from 'holdline/threads'
import type { Session } from 'holdline/threads'

type Task = (session: Session) => void | Promise<void>

/** Shared with the test: [0] and [1] are the task's own, [2] counts the handlers that have returned. */
function shared(session: Session): Int32Array {
  return new Int32Array((session.data as { shared: SharedArrayBuffer }).shared)
}

function echo(session: Session): void {
  for (let message; (message = session.recv()) !== null;) session.send(message)
}

function spin(): never {
  for (;;);
}

let leftOver: Session | null = null

const tasks: Record<string, Task> = {
  echo,
  return: () => {},
  'answer-and-return': (session) => void session.send(String(session.recv())),
  'thread-id': (session) => {
    session.send(String(threadId))
    echo(session)
  },
  blocked: (session) => {
    let timerRan = false
    setTimeout(() => (timerRan = true), 0)
    // Before the other side is told: it may count 50 ms while this thread is not run.
    const since = performance.now()
    session.send('ready')
    const message = session.recv()
    session.send(JSON.stringify({ message, timerRan, blockedMs: performance.now() - since }))
  },
  timeouts: (session) => {
    const since = performance.now()
    const none = session.recv(30) === TIMEOUT
    const waitedMs = performance.now() - since
    const asked = session.recv(0) === TIMEOUT
    session.send(JSON.stringify({ none, asked, waitedMs }))
    session.send(session.recv(20_000) as string)
  },
  sleep: (session) => {
    const since = performance.now()
    const slept = session.sleep(30)
    session.send(JSON.stringify({ slept, ms: performance.now() - since }))
    if (!session.sleep(60_000)) Atomics.store(shared(session), 0, 1)
  },
  end: (session) => {
    while (session.recv() !== null);
    const words = shared(session)
    Atomics.store(words, 1, session.send('too late') === 'closed' && !session.isOpen ? 1 : 2)
    Atomics.store(words, 0, session.closeCode!)
  },
  close: (session) => {
    session.send('last')
    session.close(4000, 'bye')
    if (session.send('later') === 'closed' && session.recv() === null) {
      Atomics.store(shared(session), 0, 1)
    }
  },
  throw: (session) => {
    session.send(String(threadId))
    session.recv()
    throw new TypeError('on purpose', { cause: new Error('the reason') })
  },
  'throw-text': () => {
    // oxlint-disable-next-line typescript/only-throw-error -- what a program may do
    throw 'just text'
  },
  exit: (session) => {
    session.send('before')
    session.recv()
    process.exit(3)
  },
  'timer-throws': async (session) => {
    session.recv()
    setTimeout(() => {
      throw new Error('outside')
    }, 1)
    await delay(60_000)
  },
  'out-of-memory': (session) => {
    session.recv()
    const kept: number[][] = []
    for (;;) kept.push(Array.from({ length: 100_000 }, (_, i) => i + 0.5))
  },
  spin: (session) => {
    session.send('spinning')
    spin()
  },
  'spin-on-message': (session) => {
    session.recv()
    session.send('spinning')
    spin()
  },
  stubborn: (session) => {
    while (session.recv() !== null);
    spin()
  },
  slow: (session) => {
    const words = shared(session)
    session.send('ready')
    while (Atomics.load(words, 0) === 0) Atomics.wait(words, 0, 0, 1_000)
    echo(session)
  },
  flood: (session) => {
    const words = shared(session)
    const text = 'x'.repeat(10_000)
    for (let i = 0; i < 1_000; i++) {
      if (session.send(`${i} ${text}`) === 'closed') return
      Atomics.add(words, 0, 1)
    }
    echo(session)
  },
  'big-behind-small': (session) => {
    session.recv()
    for (let i = 0; i < 6; i++) session.send(new Uint8Array(i % 2 === 0 ? 50_000 : 1_000_000))
    echo(session)
  },
  'try-send': (session) => {
    const words = shared(session)
    session.recv()
    try {
      session.trySend(new Uint8Array(100_000))
    } catch (error) {
      if ((error as { code?: string }).code === 'ERR_THREAD_MESSAGE_LENGTH')
        Atomics.store(words, 1, 1)
    }
    const bytes = new Uint8Array(10_000)
    let count = 0
    while (session.trySend(bytes) === 'sent') count++
    Atomics.store(words, 0, count)
    while (session.trySend('full') === 'full') session.sleep(1)
    echo(session)
  },
  request: (session) => {
    const { request, subprotocol, id } = session
    session.send(
      JSON.stringify({
        path: request.path,
        name: request.query.get('name'),
        cookie: request.cookies['a'],
        header: request.header('x-own'),
        address: typeof request.remoteAddress,
        params: request.params,
        key: request.header('sec-websocket-key') ?? '',
        subprotocol,
        id,
      }),
    )
  },
  add: (session) => {
    const words = shared(session)
    while (session.recv() !== null) Atomics.add(words, 0, 1)
  },
  chat: (session) => {
    const topic = session.request.query.get('room')!
    session.subscribe(topic)
    session.send('in')
    for (let message; (message = session.recv()) !== null;) {
      if (message === 'leave') {
        session.unsubscribe(topic)
        session.send('out')
      } else session.publish(topic, message)
    }
    session.publish(topic, 'somebody left')
  },
  'bad-topic': (session) => {
    try {
      session.subscribe('')
    } catch (error) {
      session.send((error as { code: string }).code)
    }
    try {
      session.publish('fine', 'x')
    } catch (error) {
      session.send((error as { code: string }).code)
    }
    session.recv()
  },
  async: async (session) => {
    await delay(10)
    session.send('after a wait')
    await delay(10)
  },
  'leave-over': (session) => {
    leftOver = session
    session.send(String(threadId))
  },
  'use-left-over': (session) => {
    const old = leftOver!
    const answers = [old.send('stray'), old.trySend('stray'), old.recv(), old.sleep(1), old.isOpen]
    old.close(4001)
    session.send(JSON.stringify([threadId, ...answers]))
    echo(session)
  },
}

// oxlint-disable-next-line import/no-default-export -- what the module of a thread is
export default blocking((session) => {
  const result = tasks[session.request.query.get('task') ?? 'echo']!(session)
  const { data } = session as { data: { shared?: SharedArrayBuffer } | undefined }
  if (data?.shared !== undefined) Atomics.add(new Int32Array(data.shared), 2, 1)
  return result
})
