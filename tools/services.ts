// The programs that tests use and npm does not bring. Owns how each is found and installed; must not know which
// test uses it.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

export interface Service {
  readonly name: string
  /** What the tests need it for. */
  readonly purpose: string
  /** Ends with exit code 0 where the service is there. */
  readonly probe: readonly [string, ...string[]]
  /** Its package on Debian. */
  readonly debian: string
  /** What to do where apt-get is not at hand. */
  readonly elsewhere: string
}

export const services: readonly Service[] = [
  {
    name: 'Chromium',
    purpose: 'two real pages chat through the gateway',
    probe: ['chromium', '--version'],
    debian: 'chromium',
    elsewhere: 'install Chromium so that `chromium --version` works',
  },
  {
    name: 'python3-websockets',
    purpose: 'a client in another language talks to the server',
    probe: ['/usr/bin/python3', '-c', 'import websockets'],
    debian: 'python3-websockets',
    elsewhere: 'install the Python package websockets for /usr/bin/python3',
  },
  {
    name: 'openssl',
    purpose: 'certificates for the tests over TLS',
    probe: ['openssl', 'version'],
    debian: 'openssl',
    elsewhere: 'install OpenSSL so that `openssl version` works',
  },
  {
    name: 'nats-server',
    purpose: 'the broker on NATS, against a real server',
    probe: ['nats-server', '--version'],
    debian: 'nats-server',
    elsewhere: 'install NATS 2.9 or newer so that `nats-server --version` works',
  },
  {
    name: 'redis-server',
    purpose: 'the broker on Redis, against a real server',
    probe: ['redis-server', '--version'],
    debian: 'redis-server',
    elsewhere: 'install Redis 7 or newer so that `redis-server --version` works',
  },
  {
    name: 'iproute2',
    purpose: 'a second machine, and networks that fail: network namespaces',
    probe: ['ip', '-V'],
    debian: 'iproute2',
    elsewhere: 'install iproute2 so that `ip -V` and `ss -V` work',
  },
]

/** What the module asks of the machine; made up in tests. */
export interface Machine {
  readonly succeeds: (command: string, ...options: string[]) => boolean
  /** Whether packages may be installed here: Debian, as root. */
  readonly canInstall: boolean
  readonly say: (line: string) => void
  readonly pauseMs: number
}

export const thisMachine: Machine = {
  succeeds: (command, ...options) =>
    spawnSync(command, options, {
      stdio: command === 'apt-get' ? ['ignore', 'ignore', 'inherit'] : 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0,
  canInstall: existsSync('/etc/debian_version') && process.getuid?.() === 0,
  say: (line) => console.error(line),
  pauseMs: 3000,
}

/** Installs what is missing where that is possible. Returns false, having said what to do, where it is not. */
export async function ensureServices(machine: Machine = thisMachine): Promise<boolean> {
  const missing = (): Service[] => services.filter(({ probe }) => !machine.succeeds(...probe))
  let lacking = missing()
  // apt-get lets one process at a time read its lists; who comes second tries again.
  for (let attempt = 0; lacking.length > 0 && machine.canInstall && attempt < 5; attempt++) {
    if (attempt > 0) await setTimeout(machine.pauseMs)
    const packages = lacking.map(({ debian }) => debian)
    machine.say(`Installing ${packages.join(', ')} with apt-get`)
    const wait = ['-o', 'DPkg::Lock::Timeout=300']
    machine.succeeds('apt-get', ...wait, '-q', 'update')
    machine.succeeds(
      'apt-get',
      ...wait,
      '-q',
      'install',
      '-y',
      '--no-install-recommends',
      ...packages,
    )
    lacking = missing()
  }
  for (const { name, purpose, elsewhere, debian } of lacking) {
    machine.say(
      `${name} is missing (${purpose}): ${elsewhere}. On Debian: apt-get install ${debian}`,
    )
  }
  return lacking.length === 0
}
