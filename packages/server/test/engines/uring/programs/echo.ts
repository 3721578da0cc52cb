// A server to be blocked, crashed or made to fail from outside. Says as lines of JSON where it listens, and what
// nobody caught. Beside the server nothing runs in it that could wake its event loop.
import { serve } from 'holdline'
import type { ServeOptions } from 'holdline'
import { callbacks } from 'holdline/callbacks'
import { AsyncLocalStorage, createHook } from 'node:async_hooks'

const { heedsErrors = true, ...options } = JSON.parse(process.argv[2] ?? '{}') as ServeOptions & {
  heedsErrors?: boolean
}

function tell(fact: object): void {
  process.stdout.write(`${JSON.stringify({ pid: process.pid, ...fact })}\n`)
}

function fail(): never {
  throw new Error('meant')
}

if (heedsErrors) {
  process.on('uncaughtException', ({ message }) => tell({ error: `uncaught ${message}` }))
  process.on('unhandledRejection', (error) => tell({ error: `rejected ${String(error)}` }))
}

const whose = new AsyncLocalStorage<string>()

const server = await serve({
  port: 0,
  host: '127.0.0.1',
  logger: null,
  ...options,
  routes: {
    '/': callbacks({
      open: (c) => void c.send(`pid ${process.pid}`),
      message(c, data) {
        const text = String(data)
        const blockMs = /^block (\d+)$/.exec(text)?.[1]
        if (blockMs !== undefined) {
          const until = performance.now() + Number(blockMs)
          while (performance.now() < until);
        }
        if (text === 'abort') process.abort()
        c.send(data)
        if (text === 'throw in nextTick') process.nextTick(fail)
        if (text === 'throw in a microtask') queueMicrotask(fail)
        if (text === 'throw in two ticks') {
          process.nextTick(fail)
          process.nextTick(fail)
          process.nextTick(() => void c.send('third'))
        }
        if (text === 'hook') createHook({ before() {} }).enable()
        // Its reader calls back into JavaScript before it returns, within the tick.
        if (text === 'read a blob') {
          process.nextTick(async () => {
            for await (const bytes of new Blob(['of a blob']).stream()) c.send(bytes)
          })
        }
        if (text === 'reject') void Promise.reject(new Error('meant'))
        if (text === 'throw in nextTick of a promise') {
          void Promise.resolve().then(() => process.nextTick(fail))
        }
      },
    }),
    '/whose': callbacks({
      message(c, data) {
        const before = whose.getStore() ?? 'nobody'
        // What is sent here leaves at the end of a turn that this context asks for.
        whose.run(String(data), () => void setTimeout(() => c.send(before)))
      },
    }),
    '/async': callbacks({
      async message(c, data) {
        for (let i = 0; i < 20; i++) {
          await Promise.resolve()
          await new Promise<void>((resolve) => process.nextTick(resolve))
          await new Promise<void>((resolve) => queueMicrotask(resolve))
          await new Promise((resolve) => setImmediate(resolve))
        }
        c.send(data)
      },
      drain: () => {},
    }),
  },
})
const { workerId, url, port, processCount } = server
tell({ workerId, url, port, processCount })
