import { blocking } from 'holdline/threads'
import { makeBlockingTrouble } from '../trouble.ts'

// oxlint-disable-next-line import/no-default-export -- what a thread's module is
export default blocking((session) => {
  for (let message; (message = session.recv()) !== null;) {
    makeBlockingTrouble(message.toString())
    session.send(message)
  }
})
