// The page of the servlet model is true: its samples start and are talked to; its codes are all there are.
import assert from 'node:assert/strict'
import { answers, GuideClient } from '../../guide/guide-client.ts'
import { GuidePage } from '../../guide/guide-page.ts'
import { testCodes, testSamples } from '../../guide/page-tests.ts'

const page = new GuidePage('servlet.md')

testSamples(page, {
  echo: async ({ at }) => {
    assert.deepEqual(await answers(`ws://${at}/shout`, ['a', 'b']), ['A', 'B'])
  },
  upgrade: async ({ at }) => {
    const heard = await answers(`ws://${at}/me`, ['x', 'y'], {
      headers: { cookie: 'session=s3cret' },
    })
    assert.deepEqual(heard, ['ann, request 1', 'ann, request 2'])
    assert.equal(await new GuideClient(`ws://${at}/me`).refused(), 401)
  },
  ids: async ({ at }) => {
    const heard = await answers(`ws://${at}/wait`, [
      '{"id":"slow","data":{"ms":100}}',
      '{"id":"wrong","data":{}}',
      '{"id":"quick","data":{"ms":1}}',
    ])
    assert.match(heard[0]!, /^\{"id":"wrong","error":\{"code":"ERR_MESSAGE_INVALID"/)
    assert.deepEqual(heard.slice(1), [
      '{"id":"quick","data":{"waitedMs":1}}',
      '{"id":"slow","data":{"waitedMs":100}}',
    ])
  },
  rows: async ({ at }) => {
    const heard = await answers(`ws://${at}/rows`, ['2', '1'], { count: 5 })
    assert.deepEqual(heard, ['row 1', 'row 2', 'end', 'row 1', 'end'])
  },
  errors: async ({ at }) => {
    const heard = await answers(`ws://${at}/seats`, ['cocoa', 'tea'])
    assert.equal(heard[1], '3')
    const quoted = /reads `(\{.*\})`/.exec(page.text)![1]
    assert.deepEqual(JSON.parse(heard[0]!), JSON.parse(quoted!))
  },
})

testCodes(page, 'in order', ['ERR_REQUEST_'])
