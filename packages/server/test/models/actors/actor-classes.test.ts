// Classes by their names in a system, and mailboxes that are set for them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Actor, ActorSystem } from 'holdline/actors'

test('two classes of one name, and a name with a slash: ERR_ACTOR_CLASS_NAME', () => {
  const system = new ActorSystem()
  class One extends Actor {
    static readonly actorName = 'Same'
  }
  class Two extends Actor {
    static readonly actorName = 'Same'
  }
  class Slash extends Actor {
    static readonly actorName = 'a/b'
  }
  system.spawn(One)
  system.spawn(One)
  assert.throws(() => system.spawn(Two), { code: 'ERR_ACTOR_CLASS_NAME' })
  assert.throws(() => system.spawn(Slash), { code: 'ERR_ACTOR_CLASS_NAME' })
})

test('a limit that is none: ERR_OPTION_INVALID', () => {
  for (const limit of [0, -1, 0.5, NaN]) {
    class Odd extends Actor {
      static readonly mailbox = { limit }
    }
    assert.throws(() => new ActorSystem().spawn(Odd), { code: 'ERR_OPTION_INVALID' })
  }
})

test('methods may have the names of functions; private and inherited ones are no messages', async () => {
  class Odd extends Actor {
    name(): string {
      return 'name'
    }
    call(): string {
      return 'call'
    }
    target(): string {
      return 'target'
    }
    _hidden(): void {}
  }
  const ref = new ActorSystem().spawn(Odd)
  assert.deepEqual(await Promise.all([ref.ask.name(), ref.ask.call(), ref.ask.target()]), [
    'name',
    'call',
    'target',
  ])
  assert.equal('_hidden' in ref.tell, false)
  assert.equal('stop' in ref.tell, false)
})
