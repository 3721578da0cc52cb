import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { Progress } from '../src/progress.ts'

function play(isTTY: boolean): string {
  let written = ''
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString()
      done()
    },
  })
  const progress = new Progress(Object.assign(stream, { isTTY }), 2)
  progress.begin('echo')
  progress.say('echo: round 1')
  progress.clear()
  progress.begin('fan-out')
  return written
}

test('elsewhere than on a terminal there is one line per scenario', () => {
  assert.equal(play(false), '[1/2] echo\n[2/2] fan-out\n')
})

test('on a terminal one line rewrites itself', () => {
  const written = play(true)
  assert.ok(!written.includes('\n'))
  assert.ok(written.includes('\r\u001b[K[1/2] echo: round 1\r\u001b[K'))
})
