// The state of the line, said in three places: the line under the header, the words beside it, and a banner when the
// reader should know more.

import { worthRetrying } from 'holdline-client'
import type { ChatSession } from './chat-session.ts'
import { find, setText } from './elements.ts'

export class LineStatus {
  readonly #text = find('status-text', HTMLElement)
  readonly #banner = find('banner', HTMLElement)
  readonly #title = find('banner-title', HTMLElement)
  readonly #words = find('banner-text', HTMLElement)
  readonly #countdown = find('banner-countdown', HTMLElement)
  readonly #action = find('banner-action', HTMLButtonElement)
  #session: ChatSession | undefined

  /** `onRejoin` begins the visit anew, after the server ended it for good. */
  constructor(onRejoin: () => void) {
    this.#action.addEventListener('click', () => {
      if (this.#session?.state === 'closed') onRejoin()
      else this.#session?.retry()
    })
    setInterval(() => this.#count(), 250)
  }

  show(session: ChatSession | undefined): void {
    this.#session = session
    const { body } = document
    if (!session) {
      body.dataset['line'] = 'none'
      setText(this.#text, '')
      this.#banner.hidden = true
      return
    }
    const { state, welcomed, detail } = session
    const line = state === 'open' && !welcomed ? 'connecting' : state
    body.dataset['line'] = line
    setText(
      this.#text,
      {
        connecting: 'Connecting',
        open: 'On the line',
        reconnecting: 'Line lost',
        closed: 'Line closed',
      }[line],
    )
    // A first attempt that failed is told like a line that was lost: the server is not there.
    this.#banner.hidden = state !== 'reconnecting' && state !== 'closed'
    if (state === 'reconnecting') {
      const isFirst = session.you === undefined
      setText(this.#title, isFirst ? 'The server does not answer.' : 'The line was lost.')
      setText(this.#words, isFirst ? '' : 'What you write is kept, and sent when it is back.')
      setText(this.#action, 'Try now')
    } else if (state === 'closed' && detail.close) {
      const { code, reason } = detail.close
      setText(
        this.#title,
        worthRetrying(detail.close) ? 'The line is closed.' : 'The server closed the line.',
      )
      setText(this.#words, reason ? `${reason} (${code}).` : `Its code is ${code}.`)
      setText(this.#action, 'Join again')
    }
    this.#count()
  }

  #count(): void {
    const { state, detail, stateAtMs } = this.#session ?? {}
    if (state !== 'reconnecting') return setText(this.#countdown, '')
    const restMs = (stateAtMs ?? 0) + (detail?.retryInMs ?? 0) - Date.now()
    const seconds = Math.ceil(restMs / 1000)
    setText(this.#countdown, seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying now…')
  }
}
