// Proofs of cursors: whose they are, and whose they are not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CursorProof, identityKey, SECRET_VARIABLE } from '../../src/line/cursor-proof.ts'

const secret = 'x'.repeat(32)
const ann = { id: 'ann', tenant: 'acme' }

test('a proof is right for its identity, tenant and topic alone', () => {
  const proofs = new CursorProof(secret)
  const proof = proofs.of(ann, 'news')
  assert.equal(proofs.isRight(proof, ann, 'news'), true)
  assert.equal(proofs.isRight(proof, { id: 'bob', tenant: 'acme' }, 'news'), false)
  assert.equal(proofs.isRight(proof, { id: 'ann', tenant: 'evil' }, 'news'), false)
  assert.equal(proofs.isRight(proof, { id: 'ann' }, 'news'), false)
  assert.equal(proofs.isRight(proof, ann, 'new'), false)
  for (const wrong of ['', 'A', proof.slice(0, -1), `${proof}AA`, '€', proof.toLowerCase()]) {
    assert.equal(proofs.isRight(wrong, ann, 'news'), false)
  }
})

test('no two identities share a key, whatever is in their names', () => {
  const keys = [
    { id: 'b', tenant: 'a' },
    { id: 'a,b' },
    { id: 'b","a' },
    { id: 'a:b' },
    { id: 'b', tenant: 'null' },
    { id: 'b' },
  ].map(identityKey)
  assert.equal(new Set(keys).size, keys.length)
})

test('of several secrets the first signs, and all are believed', () => {
  const old = new CursorProof(secret).of(ann, 'news')
  const rotated = new CursorProof(['y'.repeat(32), secret])
  assert.equal(rotated.isRight(old, ann, 'news'), true)
  assert.notEqual(rotated.of(ann, 'news'), old)
  assert.equal(new CursorProof('y'.repeat(32)).isRight(old, ann, 'news'), false)
})

test('a secret that can be guessed is refused', () => {
  assert.throws(() => new CursorProof('x'.repeat(31)), { code: 'ERR_OPTION_INVALID' })
  assert.throws(() => new CursorProof(['x'.repeat(32), 'short']), { code: 'ERR_OPTION_INVALID' })
  assert.throws(() => new CursorProof([]), { code: 'ERR_OPTION_INVALID' })
})

test('lines of a process share what they were not given, and so do workers, through the environment', (t) => {
  const proof = new CursorProof(undefined).of(ann, 'news')
  assert.equal(new CursorProof(undefined).isRight(proof, ann, 'news'), true)
  t.after(() => delete process.env[SECRET_VARIABLE])
  process.env[SECRET_VARIABLE] = secret
  assert.equal(new CursorProof(undefined).of(ann, 'news'), new CursorProof(secret).of(ann, 'news'))
})
