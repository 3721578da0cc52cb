// The protocol of a class, and the stubs that are made of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  actorNameOf,
  isBase,
  Method,
  noProtocol,
  protocolOf,
} from '../../../src/models/actors/actor-class.ts'
import type { Stub, StubTarget } from '../../../src/models/actors/actor-class.ts'

class Base {
  inherited(): void {}
}
isBase(Base)

class Parent extends Base {
  both(): string {
    return 'parent'
  }
  parents(): void {}
}

class Child extends Parent {
  override both(): string {
    return 'child'
  }
  override inherited(): void {}
  _private(): void {}
  get value(): number {
    return 1
  }
}

type Methods = Stub & Record<string, (...args: readonly unknown[]) => unknown>

function recorder(): { readonly target: StubTarget; readonly heard: unknown[] } {
  const heard: unknown[] = []
  const target: StubTarget = {
    send: (method, args) => void heard.push(['send', method.name, args]),
    request: (method, args, timeoutMs) => {
      heard.push(['request', method.name, args, timeoutMs])
      return Promise.resolve('answer')
    },
  }
  return { target, heard }
}

test('methods of a class and of those it extends are messages; those of a base, private ones and accessors are none', () => {
  const { methods } = protocolOf(Child)
  assert.deepEqual([...methods.keys()].toSorted(), ['both', 'parents'])
  assert.equal(methods.get('both')!.call(new Child(), []), 'child')
})

test('a protocol is made once for a class', () => {
  assert.equal(protocolOf(Child), protocolOf(Child))
  assert.notEqual(protocolOf(Child), protocolOf(Parent))
  assert.equal(noProtocol.methods.size, 0)
})

test('a method is called on its actor with as many arguments as it was sent', () => {
  const method = new Method('f', function (...args) {
    return [this, ...args]
  })
  const actor = {}
  for (let count = 0; count < 5; count++) {
    const args = Array.from({ length: count }, (_, i) => i)
    assert.deepEqual(method.call(actor, args), [actor, ...args])
  }
  assert.equal(method.isSignal, false)
})

test('a tell sends; an ask waits 5 s, or as long as it is told', async () => {
  const { target, heard } = recorder()
  const tell = protocolOf(Child).tellStub(target) as Methods
  const ask = protocolOf(Child).askStub(target)
  assert.equal(tell.both!(1, 2), undefined)
  assert.equal(await (ask as unknown as Methods).both!(3), 'answer')
  await (ask({ timeoutMs: Infinity }) as Methods).parents!()
  assert.deepEqual(heard, [
    ['send', 'both', [1, 2]],
    ['request', 'both', [3], 5_000],
    ['request', 'parents', [], Infinity],
  ])
})

test('a timeout that is none: ERR_OPTION_INVALID', () => {
  const ask = protocolOf(Child).askStub(recorder().target)
  for (const timeoutMs of [-1, NaN, 0x8000_0000]) {
    assert.throws(() => ask({ timeoutMs }), { code: 'ERR_OPTION_INVALID' })
  }
  ask({ timeoutMs: 0 })
  ask({ timeoutMs: 0x7fff_ffff })
})

test('the name between workers is actorName, or that of the class', () => {
  assert.equal(actorNameOf({ name: 'Room' }), 'Room')
  assert.equal(actorNameOf({ name: 'r', actorName: 'Room' }), 'Room')
})
