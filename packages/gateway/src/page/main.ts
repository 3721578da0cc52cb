// The chat page: shows the door or the room, and hands what happens from one part to the other.

import { ChatSession } from './chat-session.ts'
import type { Visit } from './chat-session.ts'
import { Composer } from './composer.ts'
import { Door, knownVisit, roomOfAddress } from './door.ts'
import { find, setText } from './elements.ts'
import { LineStatus } from './line-status.ts'
import { MessageLog } from './message-log.ts'
import { SidePanel } from './side-panel.ts'

let session: ChatSession | undefined
let visit: Visit | undefined

const door = new Door(enter)
const log = new MessageLog()
const side = new SidePanel()
const status = new LineStatus(() => visit && enter(visit))
const composer = new Composer((text) => {
  const taken = session?.say(text) ?? false
  if (taken) log.toEnd()
  else
    composer.problem(session?.you ? 'Too much waits for the line already' : 'Not in the room yet')
  return taken
})

function enter(wanted: Visit): void {
  session?.close()
  log.clear()
  visit = wanted
  const begun = new ChatSession({
    url: '/chat',
    visit: wanted,
    onChange: () => {
      if (session === begun) show()
    },
    onRefused: (message) => {
      if (session === begun) refused(message)
    },
  })
  session = begun
  document.body.dataset['view'] = 'room'
  find('door', HTMLElement).hidden = true
  find('chat', HTMLElement).hidden = false
  location.hash = encodeURIComponent(wanted.room)
  show()
  composer.problem('')
  composer.focus()
}

function leave(problem = ''): void {
  const left = session
  session = undefined
  left?.close()
  side.close()
  document.body.dataset['view'] = 'door'
  find('chat', HTMLElement).hidden = true
  find('door', HTMLElement).hidden = false
  document.title = 'Holdline'
  status.show(undefined)
  door.open()
  door.problem(problem)
}

function refused(message: string): void {
  if (session?.you) composer.problem(message)
  else leave(message)
}

function show(): void {
  if (!session) return
  const { room, roster, transcript, you } = session
  setText(find('room-title', HTMLElement), room)
  document.title = `#${room} · Holdline`
  status.show(session)
  side.show(roster.people, you?.id)
  log.show(transcript, you?.id)
}

find('leave', HTMLButtonElement).addEventListener('click', () => leave())

// The clipboard is there for secure pages only.
const copyLink = find('copy-link', HTMLButtonElement)
copyLink.hidden = !('clipboard' in navigator)
copyLink.addEventListener('click', () => {
  navigator.clipboard.writeText(location.href).then(
    () => copied('Copied'),
    () => copied('Not allowed'),
  )
})

function copied(word: string): void {
  setText(copyLink, word)
  setTimeout(() => setText(copyLink, 'Copy link'), 2000)
}

addEventListener('hashchange', () => {
  const room = roomOfAddress()
  if (!session || !visit || !room || room === visit.room || room === session.room) return
  enter({ ...visit, room })
})

// Else the one who reloads would meet themselves, for the moment in which who is away may come back.
addEventListener('pagehide', () => session?.close())
addEventListener('pageshow', ({ persisted }) => {
  if (persisted && session && visit) enter(visit)
})

const known = knownVisit()
if (known) enter(known)
else door.open()
