import assert from 'node:assert/strict'
import { test } from 'node:test'
import { globalEnvironment } from '../src/environment.ts'
import type { NetworkEvent } from '../src/environment.ts'

test('outside browsers there is no network to watch, and nothing breaks', () => {
  globalEnvironment().watchNetwork(() => assert.fail())()
})

test('in a browser it hears online, offline and visible, until it is told to stop', (context) => {
  const window = new EventTarget()
  const document = { visibilityState: 'hidden' }
  const globals = globalThis as { document?: unknown; addEventListener?: unknown }
  const { addEventListener } = globals
  globals.document = document
  globals.addEventListener = window.addEventListener.bind(window)
  context.after(() => {
    delete globals.document
    if (addEventListener) globals.addEventListener = addEventListener
    else delete globals.addEventListener
  })

  const heard: NetworkEvent[] = []
  const stop = globalEnvironment().watchNetwork((event) => heard.push(event))
  window.dispatchEvent(new Event('offline'))
  window.dispatchEvent(new Event('online'))
  // As it bubbles from the document.
  window.dispatchEvent(new Event('visibilitychange'))
  document.visibilityState = 'visible'
  window.dispatchEvent(new Event('visibilitychange'))
  assert.deepEqual(heard, ['offline', 'online', 'visible'])
  stop()
  window.dispatchEvent(new Event('online'))
  assert.equal(heard.length, 3)
})
