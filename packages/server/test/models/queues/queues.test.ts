import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { Group, queue, queues } from 'holdline/queues'
import type { Qos } from 'holdline/queues'

test('the main queue is one, and serial', async () => {
  assert.equal(queue.main, queue.main)
  assert.equal(queue.main.width, 1)
  assert.equal(await queue.main.async(() => 1), 1)
})

test('there is one global queue of each class, and it is concurrent', () => {
  assert.equal(queue.global(), queue.global('default'))
  assert.equal(queue.global('utility').qos, 'utility')
  assert.notEqual(queue.global('utility'), queue.global())
  assert.equal(queue.global().width, Infinity)
  assert.throws(() => queue.global('x' as Qos), { code: 'ERR_OPTION_INVALID' })
})

test('families of queues are apart', () => {
  assert.notEqual(queues().main, queue.main)
  assert.ok(queue.group() instanceof Group)
})

test('a program of queues alone ends when its work is done, and not before', async () => {
  const program = `
    import { queue } from 'holdline/queues'
    const serial = queue.serial()
    console.log(await serial.after(20, () => 'late'))
    serial.post(() => console.log('last'))
  `
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['-C', 'source', '--input-type=module', '-e', program],
    { cwd: dirname(import.meta.filename) },
  )
  assert.equal(stdout, 'late\nlast\n')
})
