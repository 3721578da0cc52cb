import { blocking } from 'holdline/threads'

// oxlint-disable-next-line import/no-default-export -- what a thread's module is
export default blocking((session) => {
  for (let message; (message = session.recv()) !== null;) session.send(message)
})
