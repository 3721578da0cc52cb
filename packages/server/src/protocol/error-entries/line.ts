// The catalogue's part of the line protocol holdline.v1, and of who is on the line.

export const lineErrors = {
  // Messages
  ERR_LINE_MALFORMED: {
    message: 'A message is no envelope of holdline.v1',
    fix: 'Send one object with a type in each message: JSON in text messages, or MessagePack in binary ones, as was agreed',
    closeCode: 1008,
  },
  ERR_LINE_TYPE: {
    message: 'A message has a type that the server does not know',
    fix: 'Send the types of docs/wire/holdline-v1.md; a later version of the protocol has another subprotocol',
  },
  ERR_LINE_FIELD: {
    message: 'A field of a message is missing or has a value that it cannot have',
    fix: 'Send the fields of docs/wire/holdline-v1.md with their types and bounds',
  },
  ERR_LINE_FAILED: {
    message: 'The server failed at what was asked',
    fix: 'Try again later; the log of the server says what happened',
  },
  // Topics over the line
  ERR_TOPIC_FORBIDDEN: {
    message: 'The identity of this line may not do that with the topic',
    fix: 'See authorize of the line and of the topic; without one, everybody may subscribe and nobody publish',
  },
  ERR_TOPIC_SUBSCRIBED: {
    message: 'The line is subscribed to the topic already',
    fix: 'Unsubscribe first to subscribe in another way',
  },
  ERR_SUBSCRIPTIONS: {
    message: 'The line has as many subscriptions as it may have',
    fix: 'Unsubscribe from what is no longer needed, use patterns, or raise maxSubscriptions of the line',
  },
  ERR_CURSOR_PROOF: {
    message: 'The proof of a cursor is not that of this identity and topic',
    fix: 'Subscribe without a cursor; a cursor can be used by the identity alone that it was given to',
  },
  ERR_PUBLISH_BYTES: {
    message: 'A publication is longer than the line may publish',
    fix: 'Publish less at once, or raise maxPublishBytes of the line',
  },
  ERR_PUBLISH_RATE: {
    message: 'The line publishes more than it may',
    fix: 'Publish again after retryAfterMs, or raise publishesPerSecond or publishBytesPerSecond of the line',
  },
  ERR_PRESENCE_OFF: {
    message: 'The server does not say who is present',
    fix: 'Serve the route with serve or attach, which keep presence',
  },
  // Identity
  ERR_TOKEN_MISSING: {
    message: 'No token came in time',
    fix: 'Send one with the handshake, or in hello as the first message within helloMs',
    closeCode: 4401,
  },
  ERR_TOKEN_INVALID: {
    message: 'The token is not valid here',
    fix: 'Get a token for this audience and tenant from the issuer that the server trusts',
    closeCode: 4401,
  },
  ERR_TOKEN_EXPIRED: {
    message: 'The token has expired',
    fix: 'Connect with a fresh token, and send the next one on the open line before expiresInMs',
    closeCode: 4401,
  },
  ERR_TOKEN_IDENTITY: {
    message: 'A token to renew with belongs to another identity',
    fix: 'Open another line for another identity',
  },
  ERR_IDENTITY_REVOKED: {
    message: 'The identity, session or token was revoked',
    fix: 'Sign in anew: what was issued before the revocation is worthless',
    closeCode: 4403,
  },
  ERR_IDENTIFY_FAILED: {
    message: 'Who is on the line could not be found out',
    fix: 'Try again later; see the log for what identify, or the broker that carries revocations, said',
    closeCode: 1013,
  },
} as const
