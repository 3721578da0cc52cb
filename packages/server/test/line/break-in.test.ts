// The break-in matrix: every way in that was tried elsewhere, in both encodings, over real sockets.
// Each attempt is refused with its documented code; whoever gets a publication or a welcome that is not his is in.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import type { JWTPayload } from 'jose'
import { jwt, line } from 'holdline/line'
import { wireServer } from '../server/wire-server.ts'
import type { WireEngine, WireServer } from '../server/wire-server.ts'
import { dialLine, subprotocols } from './line-peer.ts'
import type { LinePeer, Message, Subprotocol } from './line-peer.ts'

const keys = await generateKeyPair('ES256', { extractable: true })
const strangers = await generateKeyPair('ES256', { extractable: true })
const publicJwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256' }
const nowS = Math.floor(Date.now() / 1_000)

const good = {
  sub: 'ann',
  iss: 'issuer',
  aud: 'live',
  tenant: 'acme',
  iat: nowS - 10,
  exp: nowS + 600,
}

function signed(
  claims: JWTPayload,
  key: CryptoKey | Uint8Array = keys.privateKey,
  header: Record<string, unknown> = { alg: 'ES256', kid: 'k1' },
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader(header as { alg: string }).sign(key)
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

const right = await signed(good)
const [rightHead, rightBody, rightMac] = right.split('.') as [string, string, string]
const publicBytes = new TextEncoder().encode(JSON.stringify(publicJwk).padEnd(64))

const invalid = 'ERR_TOKEN_INVALID'
/** Tokens that let nobody in, with the code of the refusal. */
const badTokens: Readonly<Record<string, readonly [token: string, code: string]>> = {
  'nothing that looks like one': ['letmein', invalid],
  'three empty parts': ['..', invalid],
  'alg none': [new UnsecuredJWT(good).encode(), invalid],
  'alg none, spelled otherwise': [`${part({ alg: 'nOnE' })}.${rightBody}.`, invalid],
  'alg none with the right signature': [
    `${part({ alg: 'none' })}.${rightBody}.${rightMac}`,
    invalid,
  ],
  'no signature': [`${rightHead}.${rightBody}.`, invalid],
  'the signature of other claims': [
    `${rightHead}.${part({ ...good, sub: 'root' })}.${rightMac}`,
    invalid,
  ],
  'the public key as a secret': [
    await signed(good, publicBytes, { alg: 'HS256', kid: 'k1' }),
    invalid,
  ],
  "a stranger's key": [await signed(good, strangers.privateKey), invalid],
  "a stranger's key in the header": [
    await signed(good, strangers.privateKey, {
      alg: 'ES256',
      kid: 'k1',
      jwk: await exportJWK(strangers.publicKey),
    }),
    invalid,
  ],
  'a key that is not known': [
    await signed(good, strangers.privateKey, { alg: 'ES256', kid: 'k2' }),
    invalid,
  ],
  'another audience': [await signed({ ...good, aud: 'shop' }), invalid],
  'no audience': [await signed({ ...good, aud: undefined as never }), invalid],
  'another issuer': [await signed({ ...good, iss: 'evil' }), invalid],
  'another tenant': [await signed({ ...good, tenant: 'evil' }), invalid],
  'no tenant': [await signed({ ...good, tenant: undefined }), invalid],
  'a tenant that is a list': [await signed({ ...good, tenant: ['acme'] }), invalid],
  'no subject': [await signed({ ...good, sub: undefined as never }), invalid],
  'an empty subject': [await signed({ ...good, sub: '' }), invalid],
  'no expiry': [await signed({ ...good, exp: undefined as never }), invalid],
  'no time of issue': [await signed({ ...good, iat: undefined as never }), invalid],
  'not valid yet': [await signed({ ...good, nbf: nowS + 300 }), invalid],
  expired: [await signed({ ...good, exp: nowS - 1 }), 'ERR_TOKEN_EXPIRED'],
  'expired long ago': [await signed({ ...good, exp: 1 }), 'ERR_TOKEN_EXPIRED'],
  'of an identity that was revoked': [
    await signed({ ...good, sub: 'mallory' }),
    'ERR_IDENTITY_REVOKED',
  ],
  'of a session that was revoked': [
    await signed({ ...good, sid: 'stolen' }),
    'ERR_IDENTITY_REVOKED',
  ],
  'that was revoked itself': [await signed({ ...good, jti: 'lost' }), 'ERR_IDENTITY_REVOKED'],
  'longer than any': [`${right}${'A'.repeat(9_000)}`, invalid],
}

const closeCodes: Readonly<Record<string, number>> = {
  ERR_TOKEN_INVALID: 4401,
  ERR_TOKEN_EXPIRED: 4401,
  ERR_IDENTITY_REVOKED: 4403,
}

function route() {
  return line({
    identify: jwt({
      jwks: { keys: [publicJwk] },
      algorithms: ['ES256'],
      audience: 'live',
      issuer: 'issuer',
      tenantClaim: 'tenant',
      tenant: 'acme',
    }),
    cookie: 'token',
    authorize: ({ topic, identity, action }) =>
      topic === `own.${identity?.id}` || (topic.startsWith('news.') && action !== 'publish'),
    secret: 'a secret that is long enough for everybody',
  })
}

let attempts = 0
// Keys are compared on other threads, in real time: not on the memory engine, whose time passes in no time.
const engines: readonly WireEngine[] = ['node', 'uring']
const servers = new Map<WireEngine, WireServer>()

before(async () => {
  for (const engine of engines) {
    const wire = await wireServer(engine, {
      topics: { '**': { history: true } },
      routes: { '/live': route() },
    })
    servers.set(engine, wire)
    await wire.settled(wire.server.revoke({ identity: 'mallory', tenant: 'acme' }))
    await wire.settled(wire.server.revoke({ session: 'stolen' }))
    await wire.settled(wire.server.revoke({ tokenId: 'lost' }))
  }
})

after(async () => {
  for (const wire of servers.values()) await wire[Symbol.asyncDispose]()
  // Counted, so that a matrix that tried nothing fails.
  assert.ok(attempts >= 300, `${attempts} attempts`)
  console.log(`${attempts} attempts, none in`)
})

type Place = 'header' | 'subprotocol' | 'cookie' | 'hello' | 'renewal'
const places: readonly Place[] = ['header', 'subprotocol', 'cookie', 'hello', 'renewal']

async function present(
  wire: WireServer,
  subprotocol: Subprotocol,
  place: Place,
  token: string,
): Promise<LinePeer> {
  if (place === 'header') {
    return dialLine(wire, { subprotocol, headers: { Authorization: `Bearer ${token}` } })
  }
  if (place === 'cookie') {
    return dialLine(wire, { subprotocol, headers: { Cookie: `a=1; token=${token}` } })
  }
  if (place === 'subprotocol') {
    const offer = `holdline.token.${Buffer.from(token).toString('base64url')}`
    return dialLine(wire, { subprotocol, offers: [offer] })
  }
  const peer = await dialLine(wire, { subprotocol })
  peer.send({ type: 'hello', id: 1, token: place === 'hello' ? token : right })
  if (place === 'hello') return peer
  await peer.expect({ type: 'welcome', identity: 'ann' })
  peer.send({ type: 'token', id: 2, token })
  return peer
}

for (const engine of engines) {
  for (const subprotocol of subprotocols) {
    for (const place of places) {
      test(`${engine}, ${subprotocol}: no bad token in the ${place}`, async () => {
        const wire = servers.get(engine)!
        for (const [name, [token, code]] of Object.entries(badTokens)) {
          // A head that long is refused before it is read.
          if (name === 'longer than any' && place !== 'hello' && place !== 'renewal') continue
          const peer = await present(wire, subprotocol, place, token)
          attempts++
          if (place === 'hello') await peer.expect({ type: 'error', id: 1, code })
          const isRevoked = code === 'ERR_IDENTITY_REVOKED'
          if (place !== 'renewal')
            assert.deepEqual(await peer.closed(), [closeCodes[code], code], name)
          else if (isRevoked) assert.deepEqual(await peer.closed(), [4403, code], name)
          else {
            await peer.expect({ type: 'error', id: 2, code })
            // It is ann's line as before.
            await peer.ask({ type: 'ping', id: 3 }, { type: 'pong', id: 3 })
          }
          peer.peer.line.cut()
        }
      })
    }

    test(`${engine}, ${subprotocol}: nothing for who says nothing of himself`, async () => {
      const wire = servers.get(engine)!
      const asked: readonly Message[] = [
        { type: 'subscribe', id: 1, topic: 'news.a' },
        { type: 'subscribe', id: 1, topic: 'news.a', since: 'start' },
        { type: 'publish', id: 1, topic: 'own.ann', data: 1 },
        { type: 'publish', topic: 'own.ann', data: 1 },
        { type: 'history', id: 1, topic: 'news.a' },
        { type: 'members', id: 1, topic: 'news.a' },
        { type: 'present', id: 1, topic: 'news.a', state: 1 },
        { type: 'unsubscribe', id: 1, topic: 'news.a' },
        { type: 'token', id: 1, token: right },
        { type: 'hello', id: 1 },
        { type: 'hello', id: 1, token: null },
      ]
      for (const message of asked) {
        const peer = await dialLine(wire, { subprotocol })
        attempts++
        peer.send(message)
        assert.deepEqual(await peer.closed(), [4401, 'ERR_TOKEN_MISSING'])
        peer.peer.line.cut()
      }
    })

    test(`${engine}, ${subprotocol}: nobody uses what belongs to another`, async () => {
      const wire = servers.get(engine)!
      const login = async (sub: string): Promise<LinePeer> => {
        const peer = await dialLine(wire, { subprotocol })
        peer.send({ type: 'hello', id: 1, token: await signed({ ...good, sub }) })
        await peer.expect({ type: 'welcome', identity: sub })
        return peer
      }
      const ann = await login('ann')
      const mine = await ann.ask(
        { type: 'subscribe', id: 2, topic: 'own.ann' },
        { type: 'subscribed' },
      )
      const shared = await ann.ask(
        { type: 'subscribe', id: 3, topic: 'news.a' },
        { type: 'subscribed' },
      )
      const proof: string = shared['cursor'].proof
      const cursors = [
        shared['cursor'],
        { ...shared['cursor'], proof: undefined },
        { ...shared['cursor'], proof: '' },
        { ...shared['cursor'], proof: `${proof}A` },
        { ...shared['cursor'], proof: proof.slice(1) },
        { ...shared['cursor'], proof: 'A'.repeat(43) },
        mine['cursor'],
      ].map((cursor) => JSON.parse(JSON.stringify(cursor)) as Message)
      const bob = await login('bob')
      const refused: (readonly [Message, string])[] = [
        [{ type: 'subscribe', topic: 'own.ann' }, 'ERR_TOPIC_FORBIDDEN'],
        [{ type: 'subscribe', topic: 'own.ann', since: mine['cursor'] }, 'ERR_TOPIC_FORBIDDEN'],
        [{ type: 'subscribe', topic: 'own.ann', since: 'start' }, 'ERR_TOPIC_FORBIDDEN'],
        [{ type: 'publish', topic: 'own.ann', data: 1 }, 'ERR_TOPIC_FORBIDDEN'],
        [{ type: 'publish', topic: 'news.a', data: 1 }, 'ERR_TOPIC_FORBIDDEN'],
        [{ type: 'history', topic: 'own.ann' }, 'ERR_TOPIC_FORBIDDEN'],
        [{ type: 'history', topic: 'own.ann', after: mine['cursor'] }, 'ERR_TOPIC_FORBIDDEN'],
        [{ type: 'members', topic: 'own.ann' }, 'ERR_TOPIC_FORBIDDEN'],
        [{ type: 'present', topic: 'own.ann', state: 1 }, 'ERR_TOPIC_FORBIDDEN'],
        [{ type: 'subscribe', topic: '**' }, 'ERR_TOPIC_FORBIDDEN'],
        [{ type: 'subscribe', topic: 'own.*' }, 'ERR_TOPIC_FORBIDDEN'],
        [{ type: 'subscribe', topic: '$revocations' }, 'ERR_TOPIC_NAME'],
        [{ type: 'publish', topic: '$revocations', data: { identity: 'ann' } }, 'ERR_TOPIC_NAME'],
        [{ type: 'history', topic: '$revocations' }, 'ERR_TOPIC_NAME'],
        [{ type: 'subscribe', topic: '$presence' }, 'ERR_TOPIC_NAME'],
        [{ type: 'publish', topic: '$presence', data: {} }, 'ERR_TOPIC_NAME'],
        [{ type: 'token', token: right }, 'ERR_TOKEN_IDENTITY'],
        ...cursors.flatMap((cursor): (readonly [Message, string])[] => [
          [{ type: 'subscribe', topic: 'news.a', since: cursor }, 'ERR_CURSOR_PROOF'],
          [{ type: 'history', topic: 'news.a', after: cursor }, 'ERR_CURSOR_PROOF'],
        ]),
      ]
      for (const [i, [message, code]] of refused.entries()) {
        attempts++
        await bob.ask({ ...message, id: 100 + i }, { type: 'error', id: 100 + i, code })
      }
      // Nothing of ann's has come to bob, and his own is his.
      await bob.ask({ type: 'ping', id: 1 }, { type: 'pong' })
      await bob.ask({ type: 'subscribe', id: 2, topic: 'own.bob' }, { type: 'subscribed' })
      ann.peer.line.cut()
      bob.peer.line.cut()
    })
  }
}
