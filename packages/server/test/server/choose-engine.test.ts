// Which engine runs, and the reason that is told for it. Where the machine refuses what the fast engine needs is in
// engine-fallback.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock, MemoryEngine } from '../../src/testing/index.ts'
import { NodeEngine } from '../../src/engines/node/node-engine.ts'
import { UringEngine } from '../../src/engines/uring/uring-engine.ts'
import { chooseEngine, engineFor, engineLine } from '../../src/server/choose-engine.ts'
import type { EngineNeeds } from '../../src/server/choose-engine.ts'
import { resolveOptions } from '../../src/server/options.ts'

const open: EngineNeeds = { isEncrypted: false }

test('auto takes the fastest that runs here, and says why', async () => {
  const { name, reason, engine } = await chooseEngine('auto', open)
  assert.equal(name, 'uring')
  assert.equal(reason, 'the fastest, and it runs here')
  assert.ok(engine instanceof UringEngine)
})

test('an engine that is named is taken', async () => {
  const node = await chooseEngine('node', open)
  assert.deepEqual([node.name, node.reason], ['node', 'asked for'])
  assert.ok(node.engine instanceof NodeEngine)
  const uring = await chooseEngine('uring', open)
  assert.deepEqual([uring.name, uring.reason], ['uring', 'asked for'])
  assert.ok(uring.engine instanceof UringEngine)
})

test('an engine that is given is used as it is, whatever the operator says', async () => {
  const memory = new MemoryEngine(new FakeClock())
  const chosen = await chooseEngine(memory, { ...open, operator: 'node' })
  assert.deepEqual([chosen.name, chosen.reason], ['memory', 'given by the program'])
  assert.equal(chosen.engine, memory)
})

test('every server has an engine of its own', async () => {
  for (const name of ['auto', 'node', 'uring'] as const) {
    const [one, other] = await Promise.all([chooseEngine(name, open), chooseEngine(name, open)])
    assert.notEqual(one.engine, other.engine)
  }
})

test('TLS goes to node with auto, and is refused with uring', async () => {
  const auto = await chooseEngine('auto', { isEncrypted: true })
  assert.deepEqual(
    [auto.name, auto.reason],
    ['node', 'not uring: TLS is asked for, which it does not have'],
  )
  await assert.rejects(chooseEngine('uring', { isEncrypted: true }), {
    code: 'ERR_ENGINE_UNAVAILABLE',
    message: /TLS is asked for/,
  })
})

test('another system than Linux goes to node', async (t) => {
  const platform = Object.getOwnPropertyDescriptor(process, 'platform')!
  t.after(() => Object.defineProperty(process, 'platform', platform))
  Object.defineProperty(process, 'platform', { ...platform, value: 'darwin' })
  const { name, reason } = await chooseEngine('auto', open)
  assert.deepEqual([name, reason], ['node', "not uring: io_uring is Linux's; this is darwin"])
  await assert.rejects(chooseEngine('uring', open), { code: 'ERR_ENGINE_UNAVAILABLE' })
})

test('the operator decides where the program leaves the choice open', async () => {
  for (const operator of ['node', 'uring']) {
    const { name, reason } = await chooseEngine('auto', { ...open, operator })
    assert.deepEqual([name, reason], [operator, 'asked for by HOLDLINE_ENGINE'])
  }
  for (const operator of [undefined, '', 'auto']) {
    const { name, reason } = await chooseEngine('auto', { ...open, operator })
    assert.deepEqual([name, reason], ['uring', 'the fastest, and it runs here'])
  }
  const { name, reason } = await chooseEngine('node', { ...open, operator: 'uring' })
  assert.deepEqual([name, reason], ['node', 'asked for'])
})

test('what the operator asks for and cannot have is replaced: the program left it open', async () => {
  const { name, reason } = await chooseEngine('auto', { isEncrypted: true, operator: 'uring' })
  assert.equal(name, 'node')
  assert.match(reason, /^not uring: TLS/)
})

test('an operator who names no engine is told so, with the names', async () => {
  for (const operator of ['urin', 'URING', ' node', '__proto__']) {
    await assert.rejects(chooseEngine('auto', { ...open, operator }), {
      code: 'ERR_OPTION_INVALID',
      message: /HOLDLINE_ENGINE is ".*", not one of auto, uring, node/,
    })
  }
})

test('the choice of a server heeds HOLDLINE_ENGINE and its options', async (t) => {
  const { HOLDLINE_ENGINE: before } = process.env
  t.after(() => {
    if (before === undefined) delete process.env['HOLDLINE_ENGINE']
    else process.env['HOLDLINE_ENGINE'] = before
  })
  process.env['HOLDLINE_ENGINE'] = 'node'
  const byOperator = await engineFor(resolveOptions({}))
  assert.equal(engineLine(byOperator), 'holdline: engine node (asked for by HOLDLINE_ENGINE)')
  assert.equal((await engineFor(resolveOptions({ engine: 'uring' }))).name, 'uring')
  delete process.env['HOLDLINE_ENGINE']
  assert.equal((await engineFor(resolveOptions({}))).name, 'uring')
  const tls = { key: 'a key', cert: 'a certificate' }
  assert.equal((await engineFor(resolveOptions({ tls }))).name, 'node')
  process.env['HOLDLINE_ENGINE'] = 'urin'
  await assert.rejects(engineFor(resolveOptions({})), { code: 'ERR_OPTION_INVALID' })
})
