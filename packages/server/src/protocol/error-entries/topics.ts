// The catalogue's part of topics: cursors, and brokers that are away.

export const topicErrors = {
  ERR_TOPIC_UNKNOWN: {
    message: 'The topic has no history',
    fix: 'Give it one in the topics option of serve, or use it without a cursor',
  },
  ERR_TOPIC_PATTERN: {
    message: 'The broker cannot subscribe to patterns',
    fix: 'Subscribe to the topics by their names, or use a broker that has patterns',
  },
  ERR_TOPIC_LIMIT: {
    message: 'As many topics with history are in use, or as many bytes are kept, as may be',
    fix: 'Raise histories.topics or histories.bytes of serve (with NATS max_streams of the account), let topics keep less, or let clients choose fewer names',
  },
  ERR_TOPIC_HELD: {
    message: 'Publishers of the topic wait for a slow subscriber, and no more can wait',
    fix: 'Await publish before the next one, raise lagBytes, or choose another overflow policy than block',
  },
  ERR_CURSOR_INVALID: {
    message: 'A cursor is none',
    fix: 'Pass a cursor as it was given: an epoch of 1 to 64 characters, and an offset from 0',
  },
  ERR_BROKER_AWAY: {
    message: 'The broker cannot be reached; it has not taken the publication',
    fix: 'Publish it again when the broker is back, which is told within seconds',
  },
  ERR_BROKER_UNCONFIRMED: {
    message: 'The broker did not confirm the publication; it may have taken it',
    fix: 'Publish it again with the same idempotency key: it is added once',
  },
  ERR_BROKER_REFUSED: {
    message: 'The broker refused what was asked of it, and has done nothing',
    fix: 'See what it says: its memory may be full, or rights may be missing',
  },
  ERR_PRESENCE_MEMBER: {
    message: 'The name of a present member is not allowed',
    fix: 'Use strings of 1 to 255 bytes for a member and its identity',
  },
  ERR_PRESENCE_STATE: {
    message: 'The state of a present member cannot be announced',
    fix: 'Use a JSON value, as short as presence.stateBytes says (1 KiB by default)',
  },
  ERR_PRESENCE_FULL: {
    message: 'As many members are present in this process as may be',
    fix: 'Raise presence.entries, or clear members that are gone',
  },
} as const
