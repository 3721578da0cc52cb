// Talks to every rival that this machine can run, and says of each other what it needs. Belongs to `npm test` of
// bench/, where the rivals are installed; not to the repository's own run, hence the name.
import { test } from 'node:test'
import { repositoryRival, rivalNames } from '../../src/process/rivals.ts'
import { talkToRival } from './rival-conversation.ts'

for (const name of rivalNames) {
  const rival = repositoryRival(name)
  const reason = rival.whyNot()
  if (reason !== null) console.log(`not tested: ${name}: ${reason}`)
  else {
    test(`${name} ${rival.version} answers as the scenarios expect`, { timeout: 60_000 }, () =>
      talkToRival(rival),
    )
  }
}
