// A thousand servers in one process, one after the other: nothing stays behind.
import assert from 'node:assert/strict'
import ffi from 'node:ffi'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { connectTo, eventually, openDescriptors, serveOn } from './stand.ts'

const SERVERS = 1_000

interface Mappings {
  readonly all: number
  readonly rings: number
}

function mappings(): Mappings {
  const lines = readFileSync('/proc/self/maps', 'latin1').split('\n')
  return { all: lines.length, rings: lines.filter((line) => line.includes('io_uring')).length }
}

function status(name: string): number {
  return Number(
    new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'latin1'))![1],
  )
}

test(`${SERVERS} servers, opened and closed, leave no descriptor, mapping or callback`, async (t) => {
  const { prototype } = ffi.DynamicLibrary
  const { registerCallback, unregisterCallback } = prototype
  t.after(() => Object.assign(prototype, { registerCallback, unregisterCallback }))
  let callbacks = 0
  let registered = 0
  prototype.registerCallback = function (this: unknown, ...all: unknown[]) {
    callbacks++
    registered++
    return Reflect.apply(registerCallback, this, all) as bigint
  }
  prototype.unregisterCallback = function (...all) {
    callbacks--
    unregisterCallback.apply(this, all)
  }
  const one = async (i: number): Promise<void> => {
    const server = await serveOn({})
    if (i % 10 === 0) {
      const peer = await connectTo(server)
      peer.text('hello')
      assert.equal(await peer.message(), 'hello')
      if (i % 20 === 0) peer.cut()
      await server.close({ graceMs: 0 })
      peer.cut()
    } else await server.close()
  }
  for (let i = 0; i < 20; i++) await one(i)
  await eventually('the callbacks to go', () => callbacks === 0)
  const descriptors = openDescriptors()
  const before = mappings()
  const residentKb = status('VmRSS')
  for (let i = 0; i < SERVERS; i++) await one(i)
  await eventually('the callbacks to go', () => callbacks === 0)
  await eventually('the descriptors to go', () => openDescriptors().length <= descriptors.length)
  assert.ok(registered >= SERVERS, `${registered} callbacks were registered`)
  assert.deepEqual(openDescriptors(), descriptors)
  const after = mappings()
  // libuv has some of its own.
  assert.equal(after.rings, before.rings)
  // The collector's own comings and goings; a ring has two mappings, and more.
  assert.ok(after.all - before.all < 100, `${after.all} mappings after ${before.all}`)
  const grownMb = (status('VmRSS') - residentKb) / 1_024
  assert.ok(grownMb < 256, `${grownMb} MiB more`)
})
