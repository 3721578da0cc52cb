// The ready-made identify for JSON Web Tokens: keys of each kind, and whose fault a failure is. What it lets in and what
// not is in break-in.test.ts.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose'
import { jwt } from 'holdline/line'
import type { Identification, JwtOptions } from 'holdline/line'

const secret = 'a secret that is long enough for it'
const request = {} as Identification['request']
const expected = { audience: 'live', issuer: 'issuer' }
const nowS = Math.floor(Date.now() / 1_000)
const claims = { sub: 'ann', iss: 'issuer', aud: ['shop', 'live'], iat: nowS, exp: nowS + 60 }

function signed(key: CryptoKey | Uint8Array, alg: string, more: object = {}): Promise<string> {
  return new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg, kid: 'k1' }).sign(key)
}

test('with a secret: who it is, until when, since when, and what can be revoked', async () => {
  const token = await signed(Buffer.from(secret), 'HS256', { sid: 's', jti: 't', tenant: 'acme' })
  const identity = await jwt({ secret, ...expected, tenantClaim: 'tenant' })({ token, request })
  const { claims: all, ...rest } = identity!
  const times = { issuedAtMs: nowS * 1_000, expiresAtMs: (nowS + 60) * 1_000 }
  assert.deepEqual(rest, { id: 'ann', tenant: 'acme', session: 's', tokenId: 't', ...times })
  assert.equal((all as { iss: string }).iss, 'issuer')
})

test('with a public key in PEM', async () => {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const identify = jwt({
    publicKey: await exportSPKI(publicKey),
    algorithms: ['RS256'],
    ...expected,
  })
  assert.equal((await identify({ token: await signed(privateKey, 'RS256'), request }))!.id, 'ann')
  const hs = await signed(Buffer.from(await exportSPKI(publicKey)), 'HS256')
  await assert.rejects(async () => identify({ token: hs, request }), { code: 'ERR_TOKEN_INVALID' })
})

test('with keys at an address; where they cannot be had, it is not the token’s fault', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] }
  let isBroken = true
  const server = createServer((_, response) => {
    response.statusCode = isBroken ? 500 : 200
    response.end(JSON.stringify(keys))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const identify = jwt({ jwks: `http://127.0.0.1:${port}/`, algorithms: ['ES256'], ...expected })
  const token = await signed(privateKey, 'ES256')
  await assert.rejects(
    async () => identify({ token, request }),
    (error: { code?: string }) => error.code !== 'ERR_TOKEN_INVALID',
  )
  isBroken = false
  assert.equal((await identify({ token, request }))!.id, 'ann')
  server.close()
  server.closeAllConnections()
})

test('the tenant may depend on the request', async () => {
  const tenant = ({ host }: Identification['request']): string => host.split('.')[0]!
  const identify = jwt({ secret, ...expected, tenantClaim: 'tenant', tenant })
  const token = await signed(Buffer.from(secret), 'HS256', { tenant: 'acme' })
  assert.equal((await identify({ token, request: { host: 'acme.example' } as never }))!.id, 'ann')
  assert.equal(await identify({ token, request: { host: 'evil.example' } as never }), null)
})

test('what would let anybody in is refused at the start', () => {
  const bad: readonly Partial<JwtOptions>[] = [
    {},
    { secret: 'short' },
    { secret, jwks: { keys: [] } },
    { secret, algorithms: ['none'] },
    { secret, algorithms: ['ES256'] },
    { secret, algorithms: [] },
    { jwks: { keys: [] } },
    { jwks: { keys: [] }, algorithms: ['HS256'] },
    { publicKey: 'pem', algorithms: ['RS256', 'HS256'] },
    { publicKey: 'pem', algorithms: ['none'] },
    { secret, audience: '' },
    { secret, audience: [] },
    { secret, issuer: undefined as never },
    { secret, tenant: 'acme' },
  ]
  for (const options of bad) {
    assert.throws(() => jwt({ ...expected, ...options }), {
      code: 'ERR_OPTION_INVALID',
    })
  }
})
