// Revocations on a hub that a test holds in its hands: what they concern, what is known from before, what is forgotten.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HistoryPage, OwnTopics, Publication } from '../../src/connection/topic-hub.ts'
import { MAX_TOKEN_LIFE_MS, Revocations, revocationMessage } from '../../src/line/revocations.ts'
import type { Revocation } from '../../src/line/revocations.ts'

const nowMs = Date.now()

class FakeHub {
  readonly kept: Publication[] = []
  listener: (message: string) => void = () => {}
  failures = 0
  pageSize = 2

  listen(_: string, listener: (message: string) => void): () => void {
    this.listener = listener
    return () => {}
  }

  async history(_: string, { after }: { after?: { offset: number } } = {}): Promise<HistoryPage> {
    // Read a moment after it was asked for: what is revoked meanwhile is heard and read.
    await Promise.resolve()
    if (this.failures-- > 0) throw new Error('away')
    const from = after?.offset ?? 0
    const publications = this.kept.slice(from, from + this.pageSize)
    const head = { epoch: 'e', offset: this.kept.length }
    return {
      publications,
      head,
      cursor: { epoch: 'e', offset: from + publications.length },
      lost: null,
    }
  }

  revoke(what: Revocation, atMs = nowMs, isTold = true): void {
    const message = revocationMessage(what, atMs)
    const offset = this.kept.length + 1
    this.kept.push({ offset, previous: offset - 1, message, key: null, timeMs: atMs })
    if (isTold) this.listener(message)
  }
}

function made(): { hub: FakeHub; revocations: Revocations } {
  const hub = new FakeHub()
  return { hub, revocations: new Revocations(hub as unknown as OwnTopics) }
}

const ann = { id: 'ann', tenant: 'acme', session: 's1', tokenId: 't1', issuedAtMs: nowMs - 1 }

test('all fields that are given must apply, and those that are not are not looked at', async () => {
  const cases: readonly (readonly [Revocation, boolean])[] = [
    [{ identity: 'ann' }, true],
    [{ identity: 'ann', tenant: 'acme' }, true],
    [{ identity: 'ann', tenant: 'evil' }, false],
    [{ identity: 'bob' }, false],
    [{ tenant: 'acme' }, true],
    [{ tenant: 'evil' }, false],
    [{ session: 's1' }, true],
    [{ session: 'line' }, true],
    [{ session: 's2' }, false],
    [{ session: 's1', identity: 'bob' }, false],
    [{ tokenId: 't1' }, true],
    [{ tokenId: 't2' }, false],
    [{ tokenId: 't1', tenant: 'evil' }, false],
  ]
  for (const [what, isConcerned] of cases) {
    const { hub, revocations } = made()
    await revocations.ready()
    hub.revoke(what)
    assert.equal(revocations.isRevoked(ann, 'line', nowMs), isConcerned, JSON.stringify(what))
  }
})

test('who signs in anew is not revoked; a token whose age nobody knows is, and so is a session', async () => {
  const { hub, revocations } = made()
  await revocations.ready()
  hub.revoke({ identity: 'ann' })
  assert.equal(revocations.isRevoked({ id: 'ann', issuedAtMs: nowMs + 1 }, 'l', nowMs), false)
  assert.equal(revocations.isRevoked({ id: 'ann', issuedAtMs: nowMs }, 'l', nowMs), true)
  assert.equal(revocations.isRevoked({ id: 'ann' }, 'l', nowMs), true)
  hub.revoke({ session: 's1' })
  assert.equal(revocations.isRevoked({ ...ann, id: 'x', issuedAtMs: nowMs + 9 }, 'l', nowMs), true)
})

test('what was revoked before this process began is known when it is ready, over all pages', async () => {
  const { hub, revocations } = made()
  for (const identity of ['a', 'b', 'c', 'd', 'e']) hub.revoke({ identity }, nowMs, false)
  await revocations.ready()
  assert.equal(revocations.count, 5)
  assert.equal(revocations.isRevoked({ id: 'e' }, 'l', nowMs), true)
})

test('what is heard while it is read counts once', async () => {
  const { hub, revocations } = made()
  hub.revoke({ identity: 'a' }, nowMs, false)
  const ready = revocations.ready()
  hub.revoke({ identity: 'b' })
  await ready
  assert.equal(revocations.count, 2)
})

test('while the broker is away nobody is ready, and it is asked again', async () => {
  const { hub, revocations } = made()
  hub.failures = 1
  await assert.rejects(revocations.ready(), /away/)
  await revocations.ready()
})

test('lines that it concerns are told, once each, however many revocations come together', async () => {
  const { hub, revocations } = made()
  await revocations.ready()
  const told: string[] = []
  for (const id of ['ann', 'bob', 'eve']) {
    const line = {
      identity: { id },
      session: `of ${id}`,
      revoked: () => {
        told.push(id)
        revocations.unwatch(line)
      },
    }
    revocations.watch(line)
  }
  hub.revoke({ identity: 'ann' })
  hub.revoke({ session: 'of ann' })
  hub.revoke({ session: 'of eve' })
  await Promise.resolve()
  assert.deepEqual(told, ['ann', 'eve'])
})

test('what no token can need is forgotten, and counts no more even before', async () => {
  const { hub, revocations } = made()
  await revocations.ready()
  hub.revoke({ identity: 'old', tokenLifeMs: 1 }, nowMs - 10_000)
  assert.equal(revocations.isRevoked({ id: 'old' }, 'l'), false)
  for (let i = 0; i < 2_000; i++) hub.revoke({ session: String(i), tokenLifeMs: 1 }, nowMs - 10_000)
  assert.ok(revocations.count < 1_100, `${revocations.count}`)
})

test('a revocation of nothing, or one that would be forgotten too soon, is refused', () => {
  for (const what of [{}, { identity: '' }, { tenant: 7 as never }, { tokenLifeMs: 5 }]) {
    assert.throws(() => revocationMessage(what, nowMs), { code: 'ERR_OPTION_INVALID' })
  }
  for (const tokenLifeMs of [0, NaN, MAX_TOKEN_LIFE_MS + 1]) {
    const what = { identity: 'a', tokenLifeMs }
    assert.throws(() => revocationMessage(what, nowMs), { code: 'ERR_OPTION_INVALID' })
  }
})
