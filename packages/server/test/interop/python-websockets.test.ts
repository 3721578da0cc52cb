// The Python library websockets, as Debian has it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { echoServer, engines } from './echo-server.ts'

const script = join(import.meta.dirname, 'websockets_client.py')

for (const engine of engines) {
  describe(`python3-websockets and the ${engine} engine`, () => {
    test('text, binary, fragments, pings, close codes, compression, subprotocol', async () => {
      await using echo = await echoServer(engine)
      const { stdout } = await promisify(execFile)('/usr/bin/python3', [script, echo.host], {
        timeout: 60_000,
      })
      assert.deepEqual(JSON.parse(stdout), {
        plain: { extensions: [], code: 4002, reason: '' },
        compressed: { extensions: ['permessage-deflate'], code: 4002, reason: '' },
        closed: { code: 4003, reason: 'because' },
        subprotocol: 'chat.v2',
      })
      await echo.server.close()
      const done = { code: 4002, reason: 'python is done' }
      assert.deepEqual(echo.heard.closes.slice(0, 2), [done, done])
      assert.match(echo.heard.extensions[1]!, /permessage-deflate/)
    })
  })
}
