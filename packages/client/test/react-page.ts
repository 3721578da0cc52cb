// A page for react.browser.test.ts: two components that share a topic, one that is present, and a light for the line.
// Bundled by the test; what happens in it is steered through `window.page`.

import { live } from 'holdline-client'
import { useLineState, usePresence, useTopic } from 'holdline-client/react'
import { createElement, StrictMode, useState } from 'react'
import type { ReactNode } from 'react'
import { createRoot } from 'react-dom/client'

const line = live<{ news: string; gone: string }>(location.href.replace(/[^/]*$/, 'live'), {
  backoff: { baseMs: 5, capMs: 50 },
})

function Messages({ id }: { id: string }): ReactNode {
  const { messages, state, gap, error } = useTopic(line, 'news', { since: 'start', limit: 3 })
  const text = messages.map(({ data }) => data).join(' ')
  return createElement('p', { id }, `${state} [${text}] ${gap?.reason ?? error?.code ?? '-'}`)
}

function Gone(): ReactNode {
  const { state, error } = useTopic(line, 'gone')
  return createElement('p', { id: 'gone' }, `${state} ${error?.code}`)
}

function People({ name }: { name: string }): ReactNode {
  const members = usePresence(line, 'news', { name })
  return createElement('p', { id: 'people' }, members.map(({ member }) => member).join(' '))
}

function App(): ReactNode {
  const light = useLineState(line)
  const [isSecond, setSecond] = useState(true)
  const [isShown, setShown] = useState(true)
  const [name, setName] = useState('ann')
  Object.assign(globalThis, { page: { setSecond, setShown, setName, close: () => line.close() } })
  return createElement(
    'main',
    null,
    createElement('p', { id: 'light' }, light),
    isShown && createElement(Messages, { id: 'first' }),
    isShown && isSecond && createElement(Messages, { id: 'second' }),
    isShown && createElement(People, { name }),
    createElement(Gone),
  )
}

createRoot(document.getElementById('root')!).render(
  createElement(StrictMode, null, createElement(App)),
)
