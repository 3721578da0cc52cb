// Kinds of what workers tell one another about actors. A kind keeps its number: while workers are replaced, two
// versions talk.

export const Envelope = {
  /** actor, method, arguments */
  TELL: 0,
  /** actor, ask, method, arguments */
  ASK: 1,
  /** ask, value */
  REPLY: 2,
  /** ask, reason: the actor ended, or was not there */
  FAIL: 3,
  /** ask, error */
  REFUSE: 4,
  /** from (a reference), actor */
  LINK: 5,
  UNLINK: 6,
  /** from, actor, reason: through a link */
  LINK_EXIT: 7,
  /** from or null, actor, reason */
  EXIT: 8,
  /** monitor, actor */
  MONITOR: 9,
  DEMONITOR: 10,
  /** monitor, reason */
  DOWN: 11,
  /** question, class, key: which actor has the key? */
  RESOLVE: 12,
  /** question, actor; 0: ask for the owner again */
  RESOLVED: 13,
  /** actor: whoever can wait should send it nothing */
  FULL: 14,
  /** actor: half of its mailbox is free */
  ROOMY: 15,
} as const
