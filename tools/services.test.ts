import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Machine } from './services.ts'
import { ensureServices, services } from './services.ts'

/** A machine that has some programs, and installs by apt-get from the given attempt on. */
function machineWith(present: readonly string[], canInstall: boolean, installsFrom = 1) {
  const installed = new Set(present)
  const calls: string[] = []
  const said: string[] = []
  let attempts = 0
  const machine: Machine = {
    succeeds(command, ...options) {
      if (command !== 'apt-get') {
        return services.some(
          ({ probe, debian }) =>
            probe.join(' ') === [command, ...options].join(' ') && installed.has(debian),
        )
      }
      calls.push(options.filter((option) => !/^-|DPkg/.test(option)).join(' '))
      if (!options.includes('install') || ++attempts < installsFrom) return false
      for (const { debian } of services) if (options.includes(debian)) installed.add(debian)
      return true
    },
    canInstall,
    say: (line) => void said.push(line),
    pauseMs: 0,
  }
  return { machine, calls, said }
}

const all = services.map(({ debian }) => debian)

test('where nothing is missing nothing is installed and nothing is said', async () => {
  const { machine, calls, said } = machineWith(all, true)
  assert.equal(await ensureServices(machine), true)
  assert.deepEqual([calls, said], [[], []])
})

test('Debian as root installs only what is missing', async () => {
  const { machine, calls } = machineWith(
    ['openssl', 'nats-server', 'redis-server', 'iproute2'],
    true,
  )
  assert.equal(await ensureServices(machine), true)
  assert.deepEqual(calls, ['update', 'install chromium python3-websockets'])
})

test('an installation that fails is tried again, and given up in the end', async () => {
  const late = machineWith([], true, 3)
  assert.equal(await ensureServices(late.machine), true)
  assert.equal(late.calls.length, 6)
  const never = machineWith([], true, 99)
  assert.equal(await ensureServices(never.machine), false)
  assert.equal(never.calls.length, 10)
})

test('elsewhere each missing program is named with what to do, and it is a failure', async () => {
  const { machine, calls, said } = machineWith(['chromium'], false)
  assert.equal(await ensureServices(machine), false)
  assert.deepEqual(calls, [])
  assert.match(
    said.join('\n'),
    /python3-websockets is missing .*apt-get install[^]*openssl is missing/,
  )
})
