// The supervisor over made-up workers and a clock that is told the time.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HoldlineError } from '../../src/protocol/errors.ts'
import { Supervisor } from '../../src/server/supervisor.ts'
import type { SupervisorContext, WorkerEvents } from '../../src/server/supervisor.ts'
import type { FromWorker, ToWorker } from '../../src/server/worker-message.ts'
import type { ServerStats } from '../../src/server/statistics.ts'
import { FakeClock } from '../../src/testing/index.ts'

const engine = { name: 'node', reason: 'a test' }
const ports = { found: 4_000 }

class FakeWorker {
  readonly id: number
  readonly events: WorkerEvents
  readonly told: ToWorker[] = []
  isKilled = false

  constructor(id: number, events: WorkerEvents) {
    this.id = id
    this.events = events
  }

  says(message: FromWorker): void {
    this.events.said(message)
  }

  /** Goes the way to listening. */
  listens(): void {
    this.says({ kind: 'hello' })
    this.says({ kind: 'join' })
    const port = this.last('start').port || ports.found
    this.says({ kind: 'listening', address: { host: '::', port }, engine })
  }

  ends(how = 'ended with exit code 0'): void {
    this.events.ended(how)
  }

  last<Kind extends ToWorker['kind']>(kind: Kind): ToWorker & { kind: Kind } {
    const message = this.told.findLast((told) => told.kind === kind)
    assert.ok(message, `worker ${this.id} was not told ${kind}`)
    return message as ToWorker & { kind: Kind }
  }

  wasTold(kind: ToWorker['kind']): boolean {
    return this.told.some((message) => message.kind === kind)
  }
}

class World {
  readonly clock = new FakeClock()
  readonly workers: FakeWorker[] = []
  readonly log: string[] = []
  readonly left: number[] = []
  gaveUp: HoldlineError | null = null
  readonly supervisor: Supervisor

  constructor(processCount: number, port = 8_080, more: Partial<SupervisorContext> = {}) {
    const write = (line: string): void => void this.log.push(line)
    this.supervisor = new Supervisor({
      fork: (id, events) => {
        const worker = new FakeWorker(id, events)
        this.workers.push(worker)
        return {
          pid: 1_000 + id,
          send: (message) => worker.told.push(message),
          kill: () => {
            worker.isKilled = true
          },
        }
      },
      clock: this.clock,
      options: {
        processCount,
        graceMs: 5_000,
        restart: { intensity: 3, periodMs: 60_000, backoffMs: 100, maxBackoffMs: 1_000 },
        logger: { info: write, warn: write, error: write },
      },
      port,
      reusePort: true,
      mesh: { directory: '/nowhere', token: 'secret', joined: [0] },
      left: (id) => this.left.push(id),
      gaveUp: (error) => {
        this.gaveUp = error
      },
      ...more,
    })
  }

  worker(id: number): FakeWorker {
    const worker = this.workers.find((one) => one.id === id)
    assert.ok(worker, `there is no worker ${id}`)
    return worker
  }

  async started(): Promise<void> {
    const started = this.supervisor.start()
    for (const worker of this.workers) worker.listens()
    await started
  }
}

test('start forks all, gives each the port, and resolves when all listen', async () => {
  const world = new World(3)
  let isStarted = false
  const started = world.supervisor.start().then((listening) => {
    isStarted = true
    return listening
  })
  assert.deepEqual(
    world.workers.map(({ id }) => id),
    [1, 2, 3],
  )
  world.worker(1).listens()
  world.worker(3).listens()
  await world.clock.settle()
  assert.equal(isStarted, false)
  world.worker(2).listens()
  assert.deepEqual(await started, {
    kind: 'listening',
    address: { host: '::', port: 8_080 },
    engine,
  })
  for (const worker of world.workers) {
    const { port, reusePort, mesh } = worker.last('start')
    assert.deepEqual([port, reusePort], [8_080, true])
    assert.deepEqual(mesh, { directory: '/nowhere', token: 'secret' })
  }
})

test('port 0: the first who asks finds one, the others wait for it', () => {
  const world = new World(3, 0)
  void world.supervisor.start()
  for (const id of [2, 1, 3]) world.worker(id).says({ kind: 'hello' })
  assert.equal(world.worker(2).last('start').port, 0)
  assert.equal(world.worker(1).wasTold('start'), false)
  world.worker(2).listens()
  assert.equal(world.worker(1).last('start').port, ports.found)
  assert.equal(world.worker(3).last('start').port, ports.found)
})

test('whoever joins the mesh is told who did before', async () => {
  const world = new World(2)
  await world.started()
  assert.deepEqual(world.worker(1).last('peers').ids, [0])
  assert.deepEqual(world.worker(2).last('peers').ids, [0, 1])
  world.worker(1).ends('was ended by SIGKILL')
  world.clock.advance(100)
  world.worker(3).listens()
  assert.deepEqual(world.worker(3).last('peers').ids, [0, 2])
})

test('a worker that fails at start: start rejects with its reason, the others are ended', async () => {
  const world = new World(2)
  const started = world.supervisor.start()
  world.worker(1).listens()
  world.worker(2).says({ kind: 'hello' })
  world.worker(2).says({ kind: 'failed', code: 'ERR_LISTEN_DENIED', detail: '*:80' })
  world.worker(2).ends('ended with exit code 1')
  await world.clock.settle()
  assert.equal(world.worker(1).last('drain').graceMs, 0)
  world.worker(1).ends()
  await assert.rejects(started, (error: HoldlineError) => {
    assert.equal(error.code, 'ERR_WORKER_START')
    assert.equal((error.cause as HoldlineError).code, 'ERR_LISTEN_DENIED')
    return true
  })
  world.clock.advance(60_000)
  assert.equal(world.workers.length, 2)
})

test('a worker that ends is replaced after the pause, under a new number, and the others are told', async () => {
  const world = new World(2)
  await world.started()
  world.worker(1).ends('was ended by SIGKILL')
  assert.deepEqual(world.left, [1])
  assert.equal(world.worker(2).last('left').workerId, 1)
  assert.match(world.log.join(), /worker 1: it was ended by SIGKILL; another one starts in 100 ms/)
  world.clock.advance(99)
  assert.equal(world.workers.length, 2)
  world.clock.advance(1)
  assert.equal(world.workers.length, 3)
  world.worker(3).listens()
  assert.equal(world.gaveUp, null)
})

test('a restarted worker that fails at start counts as one that ended', async () => {
  const world = new World(1)
  await world.started()
  for (let id = 1; id <= 4; id++) {
    world.worker(id).ends()
    world.clock.advance(1_000)
  }
  assert.equal(world.workers.length, 4)
  assert.equal(world.gaveUp!.code, 'ERR_WORKER_RESTARTS')
})

test('after it gave up nothing is started any more', async () => {
  const world = new World(2)
  await world.started()
  for (const id of [1, 2, 3, 4]) {
    world.worker(id).ends()
    world.clock.advance(2_000)
  }
  assert.ok(world.gaveUp)
  const { length } = world.workers
  world.clock.advance(120_000)
  assert.equal(world.workers.length, length)
})

test('stop drains all, kills those that do not end after grace and margin, and starts none', async () => {
  const world = new World(2)
  await world.started()
  let isStopped = false
  const stopped = world.supervisor
    .stop({ code: 1001, reason: 'bye', graceMs: 500 })
    .then(() => (isStopped = true))
  const { code, reason, graceMs, pauseMs } = world.worker(1).last('drain')
  assert.deepEqual([code, reason, graceMs, pauseMs], [1001, 'bye', 500, 0])
  world.worker(1).ends()
  world.clock.advance(2_499)
  assert.equal(world.worker(2).isKilled, false)
  world.clock.advance(1)
  assert.equal(world.worker(2).isKilled, true)
  assert.equal(isStopped, false)
  world.worker(2).ends('was ended by SIGKILL')
  await stopped
  world.clock.advance(60_000)
  assert.equal(world.workers.length, 2)
  assert.equal(world.clock.timerCount, 0)
})

test('stop during the pause before a restart: it does not happen', async () => {
  const world = new World(2)
  await world.started()
  world.worker(1).ends()
  const stopped = world.supervisor.stop({ code: 1001, reason: '', graceMs: 0 })
  world.worker(2).ends()
  await stopped
  world.clock.advance(60_000)
  assert.equal(world.workers.length, 2)
})

test('reload starts the new one, waits until it listens, drains the old one, and only then goes on', async () => {
  const world = new World(2)
  await world.started()
  const reloaded = world.supervisor.reload()
  await world.clock.settle()
  assert.equal(world.workers.length, 3)
  assert.equal(world.worker(1).wasTold('drain'), false)
  world.worker(3).listens()
  await world.clock.settle()
  assert.equal(world.worker(1).last('drain').code, 1012)
  assert.equal(world.workers.length, 3)
  world.worker(1).ends()
  await world.clock.settle()
  assert.equal(world.workers.length, 4)
  assert.equal(world.worker(2).wasTold('drain'), false)
  world.worker(4).listens()
  await world.clock.settle()
  assert.equal(world.worker(2).last('drain').code, 1012)
  world.worker(2).ends()
  await reloaded
  assert.equal(world.clock.timerCount, 0)
  world.clock.advance(60_000)
  assert.equal(world.workers.length, 4)
  assert.equal(world.worker(3).wasTold('drain') || world.worker(4).wasTold('drain'), false)
})

test('a reload whose new worker cannot start leaves all as it is, and a later one tries again', async () => {
  const world = new World(1)
  await world.started()
  const reloaded = world.supervisor.reload()
  await world.clock.settle()
  world.worker(2).says({ kind: 'failed', code: null, detail: 'SyntaxError' })
  world.worker(2).ends('ended with exit code 1')
  await reloaded
  assert.equal(world.worker(1).wasTold('drain'), false)
  assert.match(world.log.join(), /workers are kept as they are.*SyntaxError/)
  world.clock.advance(60_000)
  assert.equal(world.workers.length, 2)
  void world.supervisor.reload()
  await world.clock.settle()
  assert.equal(world.workers.length, 3)
})

test('a worker that crashes while its successor starts is not replaced twice', async () => {
  const world = new World(1)
  await world.started()
  const reloaded = world.supervisor.reload()
  await world.clock.settle()
  world.worker(1).ends('was ended by SIGSEGV')
  world.worker(2).listens()
  await reloaded
  world.clock.advance(60_000)
  assert.equal(world.workers.length, 2)
})

test('stop during a reload ends old and new ones', async () => {
  const world = new World(1)
  await world.started()
  void world.supervisor.reload()
  await world.clock.settle()
  const stopped = world.supervisor.stop({ code: 1001, reason: '', graceMs: 0 })
  for (const worker of world.workers) {
    assert.equal(worker.last('drain').code, 1001)
    worker.ends()
  }
  await stopped
  assert.equal(world.workers.length, 2)
})

test('two reloads at once come one after the other', async () => {
  const world = new World(1)
  await world.started()
  void world.supervisor.reload()
  const second = world.supervisor.reload()
  for (const id of [2, 3]) {
    await world.clock.settle()
    assert.equal(world.workers.length, id)
    world.worker(id).listens()
    await world.clock.settle()
    world.worker(id - 1).ends()
  }
  await second
  assert.equal(world.workers.length, 3)
})

test('a worker that was asked to end by somebody else is replaced like in a reload', async () => {
  const world = new World(2)
  await world.started()
  world.worker(2).says({ kind: 'asked-to-end' })
  world.worker(2).says({ kind: 'asked-to-end' })
  await world.clock.settle()
  world.worker(3).listens()
  await world.clock.settle()
  assert.equal(world.worker(2).last('drain').code, 1012)
  world.worker(2).ends()
  await world.clock.settle()
  assert.equal(world.workers.length, 3)
})

test('a worker that takes no publications is killed and replaced', async () => {
  const world = new World(2)
  await world.started()
  world.worker(1).says({ kind: 'lost', id: 2, reason: 'stuck' })
  assert.equal(world.worker(2).isKilled, true)
  world.worker(2).ends('was ended by SIGKILL')
  world.clock.advance(100)
  assert.equal(world.workers.length, 3)
})

test('a worker whose line broke is given a second to be found dead', async () => {
  const world = new World(3)
  await world.started()
  world.worker(1).says({ kind: 'lost', id: 2, reason: 'line' })
  world.worker(1).says({ kind: 'lost', id: 3, reason: 'line' })
  world.worker(2).ends('was ended by SIGKILL')
  world.clock.advance(1_000)
  assert.equal(world.worker(2).isKilled, false)
  assert.equal(world.worker(3).isKilled, true)
})

test('a worker that drains lets go of its lines: nobody is killed for that', async () => {
  const world = new World(2)
  await world.started()
  void world.supervisor.reload()
  await world.clock.settle()
  world.worker(3).listens()
  await world.clock.settle()
  assert.ok(world.worker(1).wasTold('drain'))
  world.worker(2).says({ kind: 'lost', id: 1, reason: 'stuck' })
  world.worker(2).says({ kind: 'lost', id: 1, reason: 'line' })
  world.worker(1).says({ kind: 'lost', id: 2, reason: 'stuck' })
  world.worker(1).says({ kind: 'lost', id: 0, reason: 'line' })
  world.clock.advance(2_000)
  assert.deepEqual(
    world.workers.map(({ isKilled }) => isKilled),
    [false, false, false],
  )
})

test('whoever cannot reach the supervisor is the one that is killed', async () => {
  const world = new World(2)
  await world.started()
  world.worker(1).says({ kind: 'lost', id: 0, reason: 'stuck' })
  assert.deepEqual([world.worker(1).isKilled, world.worker(2).isKilled], [true, false])
})

test('names: one owner, told in order; whoever hears that it is gone may claim them', async () => {
  const world = new World(2)
  await world.started()
  const [one, two] = [world.worker(1), world.worker(2)]
  one.says({
    kind: 'names',
    requests: [
      ['claim', 'a'],
      ['claim', 'b'],
      ['release', 'b'],
    ],
  })
  assert.deepEqual(one.last('owners').answers, [1, 1])
  const before = two.told.length
  two.says({ kind: 'names', requests: [['release', 'a']] })
  assert.equal(two.told.length, before, 'a release has no answer')
  two.says({
    kind: 'names',
    requests: [
      ['claim', 'a'],
      ['claim', 'b'],
    ],
  })
  assert.deepEqual(two.last('owners').answers, [1, 2])
  one.ends('was ended by SIGKILL')
  assert.deepEqual(two.last('left'), { kind: 'left', workerId: 1 })
  two.says({ kind: 'names', requests: [['claim', 'a']] })
  assert.deepEqual(two.last('owners').answers, [2])
})

test('names are free when a worker hears that their owner is gone, were it to ask at once', async () => {
  const world = new World(2)
  await world.started()
  const [one, two] = [world.worker(1), world.worker(2)]
  one.says({ kind: 'names', requests: [['claim', 'a']] })
  const told = two.told.push.bind(two.told)
  two.told.push = (...messages) => {
    if (messages[0]!.kind === 'left') {
      two.says({ kind: 'names', requests: [['claim', 'a']] })
    }
    return told(...messages)
  }
  one.ends('was ended by SIGKILL')
  assert.deepEqual(two.last('owners').answers, [2])
})

test('stats come from those that answer within a second', async () => {
  const world = new World(3)
  await world.started()
  const answers = world.supervisor.stats()
  const { ticket } = world.worker(1).last('stats')
  const stats = { workerId: 1 } as ServerStats
  world.worker(1).says({ kind: 'stats', ticket, stats })
  world.worker(2).ends()
  world.clock.advance(1_000)
  assert.deepEqual(await answers, [stats])
})

test('a reload ends at the first new worker that cannot start', async () => {
  const world = new World(2)
  await world.started()
  const reloaded = world.supervisor.reload()
  await world.clock.settle()
  world.worker(3).ends('ended with exit code 1')
  await world.clock.settle()
  assert.equal(world.workers.length, 3)
  await reloaded
})

test('a second reload asks those of the first to end', async () => {
  const world = new World(1)
  await world.started()
  for (const id of [1, 2]) {
    const reloaded = world.supervisor.reload()
    await world.clock.settle()
    world.worker(id + 1).listens()
    await world.clock.settle()
    assert.equal(world.worker(id).last('drain').code, 1012)
    world.worker(id).ends()
    await reloaded
  }
})

test('a stopped supervisor reloads nothing; one that stops in a reload leaves its drain as it is', async () => {
  const world = new World(1)
  await world.started()
  const reloaded = world.supervisor.reload()
  await world.clock.settle()
  const stopped = world.supervisor.stop({ code: 1001, reason: '', graceMs: 0 })
  world.worker(2).listens()
  await world.clock.settle()
  assert.equal(world.worker(1).last('drain').code, 1001)
  for (const worker of world.workers) worker.ends()
  await Promise.all([reloaded, stopped])
  assert.equal(world.clock.timerCount, 0)
  void world.supervisor.reload()
  await world.clock.settle()
  assert.equal(world.workers.length, 2)
})

test('kill ends all at once and starts none', async () => {
  const world = new World(2)
  await world.started()
  world.worker(1).ends()
  world.supervisor.kill()
  assert.equal(world.worker(2).isKilled, true)
  world.worker(2).ends('was ended by SIGKILL')
  world.clock.advance(60_000)
  assert.equal(world.workers.length, 2)
})

test('giving up cancels what was to be started, and kills nobody any more', async () => {
  const world = new World(3)
  await world.started()
  for (const id of [1, 4]) {
    world.worker(id).ends()
    world.clock.advance(1_000)
  }
  world.worker(2).ends()
  world.worker(5).ends()
  assert.equal(world.gaveUp!.code, 'ERR_WORKER_RESTARTS')
  world.clock.advance(60_000)
  assert.equal(world.workers.length, 5)
  world.supervisor.lost(3, 'stuck', 0)
  assert.equal(world.worker(3).isKilled, false)
})

test('a worker that drains is not killed for letting go of others, nor are they', async () => {
  const world = new World(2)
  await world.started()
  void world.supervisor.reload()
  await world.clock.settle()
  world.worker(3).listens()
  await world.clock.settle()
  world.worker(2).says({ kind: 'lost', id: 1, reason: 'stuck' })
  world.worker(1).says({ kind: 'lost', id: 2, reason: 'stuck' })
  assert.deepEqual([world.worker(1).isKilled, world.worker(2).isKilled], [false, false])
})

test('a worker that only starts is not replaced when it is asked to end, and asked for no stats', async () => {
  const world = new World(1)
  void world.supervisor.start()
  world.worker(1).says({ kind: 'asked-to-end' })
  await world.clock.settle()
  assert.equal(world.workers.length, 1)
  assert.deepEqual(await world.supervisor.stats(), [])
  assert.equal(world.worker(1).wasTold('stats'), false)
})

test('who fails in the first start is not restarted', async () => {
  const world = new World(1)
  const started = world.supervisor.start()
  world.worker(1).ends('ended with exit code 1')
  await assert.rejects(started, { code: 'ERR_WORKER_START' })
  assert.deepEqual(world.log, [])
})

test('stats count each worker once and wait for none that ended', async () => {
  const world = new World(3)
  await world.started()
  let answers: readonly ServerStats[] = []
  void world.supervisor.stats().then((all) => (answers = all))
  const { ticket } = world.worker(1).last('stats')
  const [one, two] = [{ workerId: 1 }, { workerId: 2 }] as ServerStats[]
  world.worker(1).says({ kind: 'stats', ticket, stats: one! })
  world.worker(1).says({ kind: 'stats', ticket, stats: one! })
  world.worker(3).ends()
  world.worker(2).says({ kind: 'stats', ticket, stats: two! })
  await world.clock.settle()
  assert.deepEqual(answers, [one, two])
})
