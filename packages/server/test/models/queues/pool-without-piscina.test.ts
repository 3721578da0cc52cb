// A pool where piscina is not installed; a file of its own, because who has loaded it keeps it.
import assert from 'node:assert/strict'
import { registerHooks } from 'node:module'
import { test } from 'node:test'
import { queue } from 'holdline/queues'
import type * as Tasks from './tasks.ts'

let isInstalled = false
registerHooks({
  resolve(specifier, context, next) {
    if (specifier === 'piscina' && !isInstalled) {
      throw Object.assign(new Error("Cannot find package 'piscina'"), {
        code: 'ERR_MODULE_NOT_FOUND',
      })
    }
    return next(specifier, context)
  },
})

test('without piscina a task is refused with what to install; queues need none', async () => {
  await using pool = queue.pool<typeof Tasks>(new URL('./tasks.ts', import.meta.url), {
    threads: 1,
  })
  assert.equal(await queue.serial().async(() => 1), 1)
  for (let i = 0; i < 2; i++) {
    await assert.rejects(pool.run('add', [1, 2]), {
      code: 'ERR_POOL_MISSING',
      message: /npm install piscina@5/,
    })
  }
  isInstalled = true
  assert.equal(await pool.run('add', [1, 2]), 3)
})
