import assert from 'node:assert/strict'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { MeshDirectory } from '../../../src/brokers/process/mesh-place.ts'

test('the directory is open to its user only, and goes with all that is in it', () => {
  const directory = MeshDirectory.create()
  if (process.platform !== 'win32') {
    assert.equal(statSync(directory.path).mode & 0o777, 0o700)
    assert.equal(dirname(directory.addressOf(3)), directory.path)
  }
  writeFileSync(`${directory.path}/1.sock`, '')
  directory.remove()
  assert.equal(existsSync(directory.path), false)
  directory.remove()
})

test('two meshes and two processes have different addresses that a socket has room for', () => {
  const [one, other] = [MeshDirectory.create(), MeshDirectory.create()]
  assert.notEqual(one.addressOf(1), other.addressOf(1))
  assert.notEqual(one.addressOf(1), one.addressOf(2))
  assert.ok(Buffer.byteLength(one.addressOf(999_999_999)) < 104)
  one.remove()
  other.remove()
})

test('a long directory for temporary files is passed over', () => {
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = `/tmp/${'x'.repeat(90)}`
  try {
    const directory = MeshDirectory.create()
    assert.equal(dirname(directory.path), '/tmp')
    directory.remove()
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
})
