import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bareModel, modelNames, modelRival } from '../../src/process/model-rivals.ts'
import { RivalProcess } from '../../src/process/rival-process.ts'
import { Talker } from '../../src/load/talker.ts'

assert.ok(modelNames.includes(bareModel))

const troubles = { compute: 50, wait: 50, none: 0 }

for (const name of modelNames) {
  test(`the server of ${name} echoes, and makes the trouble that it is asked for`, async () => {
    await using server = await RivalProcess.start(modelRival(name), '0')
    using echo = await Talker.open(`ws://127.0.0.1:${server.port}/`)
    assert.notEqual(await echo.ask('hello', 5000), undefined)
    using trouble = await Talker.open(`ws://127.0.0.1:${server.port}/trouble`)
    for (const [kind, leastMs] of Object.entries(troubles)) {
      const tookMs = await trouble.ask(kind, 5000)
      // The clocks of two processes may differ by a little.
      assert.ok(tookMs !== undefined && tookMs >= leastMs - 2, `${kind}: ${tookMs} ms`)
    }
    // A servlet answers with an error; elsewhere the line ends.
    const answered = await trouble.ask('throw', 5000)
    assert.equal(answered === undefined, trouble.closeCode !== undefined)
  })
}

test('an unknown model is refused', () => {
  assert.throws(() => modelRival('ws'), RangeError)
})
