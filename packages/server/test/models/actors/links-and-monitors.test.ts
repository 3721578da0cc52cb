// The properties of OTP's links, monitors and exit signals.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Actor, self } from 'holdline/actors'
import type { ActorSystem, AnyRef, Down, Exit, ExitReason, Monitor, Ref } from 'holdline/actors'
import { bothWays, plain, standOf } from './stand.ts'

class Node extends Actor {
  seen: string[] = []
  monitors: Monitor[] = []

  override down({ ref, reason }: Down): void {
    this.seen.push(`down ${ref.id} ${plain(reason)}`)
  }

  override exit({ from, reason }: Exit): void {
    this.seen.push(`exit ${from?.id ?? 'outside'} ${plain(reason)}`)
  }

  trap(traps: boolean): void {
    this.trapExit = traps
  }

  note(what: string): void {
    this.seen.push(what)
  }

  linkTo(ref: AnyRef): void {
    this.link(ref)
  }

  unlinkFrom(ref: AnyRef): void {
    this.unlink(ref)
  }

  watch(ref: AnyRef): void {
    this.monitors.push(this.monitor(ref))
  }

  unwatch(): void {
    for (const monitor of this.monitors) this.demonitor(monitor)
  }

  signal(ref: AnyRef, reason: ExitReason): void {
    this.sendExit(ref, reason)
  }

  quit(reason: ExitReason): void {
    this.stop(reason)
  }

  crash(message: string): void {
    throw new Error(message)
  }

  /** Messages, an exit signal of its own, and its end, to one and the same. */
  say(to: Ref<Node>): void {
    to.tell.note('before')
    this.sendExit(to, 'a signal')
    to.tell.note('after')
    this.stop('normal')
  }

  heard(): string[] {
    return this.seen
  }

  relationCount(): number {
    const relations = Actor.cellOf(this).relations
    return relations === null ? 0 : relations.links.size + relations.watching.size
  }
}

/** Actors that are there before anything is told. */
function nodes(system: ActorSystem, count: number): Ref<Node>[] {
  return Array.from({ length: count }, () => system.spawn(Node))
}

bothWays('links and monitors', (stand) => {
  test('a link is bidirectional: the abnormal end of either ends the other', async () => {
    for (const dies of [0, 1]) {
      const { system, clock } = stand()
      const pair = nodes(system, 2)
      pair[0]!.tell.linkTo(pair[1]!)
      pair[dies]!.tell.quit('for a reason')
      const down = system.whenDown(pair[1 - dies]!)
      await clock.settle()
      assert.equal((await down).reason, 'for a reason')
    }
  })

  test('a link carries an error as the reason', async () => {
    const { system, clock } = stand()
    const [a, b] = nodes(system, 2)
    a!.tell.linkTo(b!)
    b!.tell.crash('meant')
    const { reason } = await system.whenDown(a!)
    await clock.settle()
    assert.equal(plain(reason), 'meant')
    assert.ok(reason instanceof Error)
  })

  test('links: at most one per pair, so one unlink undoes it', async () => {
    const { system, clock } = stand()
    const [a, b] = nodes(system, 2)
    a!.tell.linkTo(b!)
    b!.tell.linkTo(a!)
    a!.tell.linkTo(b!)
    b!.tell.unlinkFrom(a!)
    await clock.settle()
    assert.equal(await a!.ask.relationCount(), 0)
    b!.tell.quit('alone')
    await clock.settle()
    assert.deepEqual([a!.isDead, b!.isDead], [false, true])
  })

  test('a link to a dead actor: noproc', async () => {
    const { system, clock } = stand()
    const [dead, plainly, trapping] = nodes(system, 3)
    system.exit(dead!, 'kill')
    trapping!.tell.trap(true)
    trapping!.tell.linkTo(dead!)
    plainly!.tell.linkTo(dead!)
    const down = system.whenDown(plainly!)
    await clock.settle()
    assert.equal((await down).reason, 'noproc')
    assert.deepEqual(await trapping!.ask.heard(), [`exit ${dead!.id} noproc`])
  })

  test('a link to oneself is nothing', async () => {
    const { system } = stand()
    const [a] = nodes(system, 1)
    a!.tell.linkTo(a!)
    assert.equal(await a!.ask.relationCount(), 0)
  })

  test('normal is ignored unless trapped; trapped exits become messages', async () => {
    const { system, clock } = stand()
    const [plainly, trapping, a] = nodes(system, 3)
    trapping!.tell.trap(true)
    plainly!.tell.linkTo(a!)
    trapping!.tell.linkTo(a!)
    a!.tell.quit('normal')
    await clock.settle()
    assert.equal(plainly!.isDead, false)
    assert.deepEqual(await trapping!.ask.heard(), [`exit ${a!.id} normal`])
  })

  test('an explicit kill cannot be trapped, and is told as killed; a kill that comes by link can be', async () => {
    const { system, clock } = stand()
    const [victim, friend, byLink, trapping] = nodes(system, 4)
    victim!.tell.trap(true)
    friend!.tell.trap(true)
    friend!.tell.linkTo(victim!)
    trapping!.tell.trap(true)
    trapping!.tell.linkTo(byLink!)
    await clock.settle()
    system.exit(victim!, 'kill')
    byLink!.tell.quit('kill')
    await clock.settle()
    assert.equal(victim!.isDead, true)
    assert.deepEqual(await friend!.ask.heard(), [`exit ${victim!.id} killed`])
    assert.deepEqual(await trapping!.ask.heard(), [`exit ${byLink!.id} kill`])
  })

  test('an exit signal ends who does not trap it, with its reason; normal ends nobody else', async () => {
    const { system, clock } = stand()
    const [a, b] = nodes(system, 2)
    a!.tell.signal(b!, 'normal')
    await clock.settle()
    assert.equal(b!.isDead, false)
    const down = system.whenDown(b!)
    a!.tell.signal(b!, 'go')
    await clock.settle()
    assert.equal((await down).reason, 'go')
    a!.tell.signal(a!, 'normal')
    await clock.settle()
    assert.equal(a!.isDead, true)
  })

  test('the default exit of who traps: that of its parent, and of nobody, ends it', async () => {
    const { system, clock } = stand()
    class Child extends Actor {
      override started(): void {
        this.trapExit = true
      }
    }
    class Parent extends Actor {
      make(): Ref<Child> {
        return this.spawnLink(Child)
      }
    }
    const parent = system.spawn(Parent)
    const child = await parent.ask.make()
    const [stranger] = nodes(system, 1)
    stranger!.tell.signal(child, 'shutdown')
    await clock.settle()
    assert.equal(child.isDead, false)
    const down = system.whenDown(child)
    system.exit(parent, 'shutdown')
    await clock.settle()
    assert.equal((await down).reason, 'shutdown')
  })

  test('signals from one to another keep their order across kinds: message, exit, DOWN', async () => {
    const { system, clock } = stand()
    const [a, b] = nodes(system, 2)
    b!.tell.trap(true)
    b!.tell.watch(a!)
    b!.tell.linkTo(a!)
    await clock.settle()
    a!.tell.say(b!)
    await clock.settle()
    const heard = (await b!.ask.heard()).map((each) => each.replace(` ${a!.id}`, ''))
    assert.deepEqual(heard.slice(0, 3), ['before', 'exit a signal', 'after'])
    assert.deepEqual(heard.slice(3).toSorted(), ['down normal', 'exit normal'])
  })

  test('monitors are one-way and stackable: each tells exactly once', async () => {
    const { system, clock } = stand()
    const [a, b] = nodes(system, 2)
    for (let i = 0; i < 3; i++) a!.tell.watch(b!)
    await clock.settle()
    b!.tell.quit('gone')
    await clock.settle()
    assert.deepEqual(
      await a!.ask.heard(),
      Array.from({ length: 3 }, () => `down ${b!.id} gone`),
    )
    assert.equal(await a!.ask.relationCount(), 0)
    const [c, d] = nodes(system, 2)
    c!.tell.watch(d!)
    c!.tell.quit('gone')
    await clock.settle()
    assert.equal(d!.isDead, false)
    assert.equal(d!.cell!.relations!.watchers.size, 0)
  })

  test('a monitor of a dead actor tells at once: noproc', async () => {
    const { system, clock } = stand()
    const [a, b] = nodes(system, 2)
    system.exit(b!, 'kill')
    a!.tell.watch(b!)
    await clock.settle()
    assert.deepEqual(await a!.ask.heard(), [`down ${b!.id} noproc`])
  })

  test('a monitor that was taken back tells nothing, even if DOWN waits in the mailbox', async () => {
    const { system, clock } = stand()
    const [a, b] = nodes(system, 2)
    a!.tell.watch(b!)
    a!.tell.watch(b!)
    await clock.settle()
    a!.tell.unwatch()
    system.exit(b!, 'kill')
    assert.equal(a!.cell!.mailbox!.length, 3)
    await clock.settle()
    assert.deepEqual(await a!.ask.heard(), [])
  })

  test('DOWN comes after the names of the dead are free', async () => {
    const { system, clock } = stand()
    class Watcher extends Actor {
      found: unknown = 'nothing told'
      watch(ref: AnyRef): void {
        this.monitor(ref)
      }
      override down(): void {
        this.found = this.system.whereis('victim')
        this.system.register('victim', self(this))
      }
      what(): unknown {
        return this.found
      }
    }
    const [victim] = nodes(system, 1)
    system.register('victim', victim!)
    const watcher = system.spawn(Watcher)
    watcher.tell.watch(victim!)
    await clock.settle()
    let atOnce: unknown = 'nothing'
    victim!.cell!.related().watchers.add({
      ref: victim!,
      tell: () => (atOnce = system.whereis('victim')),
    } as never)
    system.exit(victim!, 'kill')
    assert.equal(atOnce, null)
    assert.equal(await watcher.ask.what(), null)
    assert.equal(system.whereis('victim'), watcher)
  })

  test('spawnLink and spawnMonitor bind from the beginning', async () => {
    const { system, clock } = stand()
    class Maker extends Actor {
      told: string[] = []
      linked(): Ref<Node> {
        return this.spawnLink(Node)
      }
      watched(): Ref<Node> {
        return this.spawnMonitor(Node).ref
      }
      override down({ reason }: Down): void {
        this.told.push(plain(reason))
      }
      all(): string[] {
        return this.told
      }
    }
    const maker = system.spawn(Maker)
    const watched = await maker.ask.watched()
    system.exit(watched, 'one')
    assert.deepEqual(await maker.ask.all(), ['one'])
    const linked = await maker.ask.linked()
    system.exit(linked, 'two')
    await clock.settle()
    assert.equal(maker.isDead, true)
  })
})

test('links and monitors under random ends: each monitor tells once, links end whole groups, nothing is left', async () => {
  const step = fc.tuple(
    fc.constantFrom('link', 'unlink', 'watch', 'normal', 'abnormal', 'kill', 'turn'),
    fc.nat({ max: 5 }),
    fc.nat({ max: 5 }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.constantFrom('remote' as const, 'always' as const),
      async (steps, serialize) => {
        const { system, clock } = standOf(serialize)
        const all = nodes(system, 6)
        // The model: whom each is linked to, and who is alive; every step is settled before the next.
        const links = all.map(() => new Set<number>())
        const alive = new Set(all.keys())
        const watches: { by: number; of: number; downs: number }[] = []
        const end = (i: number, isAbnormal: boolean): void => {
          if (!alive.delete(i)) return
          for (const watch of watches) if (watch.of === i && alive.has(watch.by)) watch.downs++
          const linked = [...links[i]!]
          links[i]!.clear()
          for (const j of linked) links[j]!.delete(i)
          if (isAbnormal) for (const j of linked) end(j, true)
        }
        for (const [kind, i, j] of steps) {
          const [a, b] = [all[i]!, all[j]!]
          if (kind === 'turn') continue
          if (kind === 'normal') a.tell.quit('normal')
          if (kind === 'abnormal') a.tell.quit('ended')
          if (kind === 'kill') system.exit(a, 'kill')
          if (kind === 'link') a.tell.linkTo(b)
          if (kind === 'unlink') a.tell.unlinkFrom(b)
          if (kind === 'watch') a.tell.watch(b)
          await clock.settle()
          if (!alive.has(i)) continue
          if (kind === 'normal') end(i, false)
          if (kind === 'abnormal' || kind === 'kill') end(i, true)
          if (kind === 'link' && i !== j) {
            if (!alive.has(j)) end(i, true)
            else {
              links[i]!.add(j)
              links[j]!.add(i)
            }
          }
          if (kind === 'unlink') {
            links[i]!.delete(j)
            links[j]!.delete(i)
          }
          if (kind === 'watch') watches.push({ by: i, of: j, downs: alive.has(j) ? 0 : 1 })
        }
        for (const [i, ref] of all.entries()) {
          assert.equal(ref.isDead, !alive.has(i))
          if (ref.isDead) continue
          const heard = (await ref.ask.heard()).filter((each) => each.startsWith('down'))
          const expected = watches.filter(({ by, of }) => by === i && of !== i)
          const told = expected.reduce((sum, { downs }) => sum + downs, 0)
          assert.equal(heard.length, told)
          assert.equal(ref.cell!.relations?.links.size ?? 0, links[i]!.size)
        }
        assert.equal(system.actorCount, alive.size)
      },
    ),
    { numRuns: 300 },
  )
})
