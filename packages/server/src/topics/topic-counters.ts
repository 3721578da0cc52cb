// What is counted of topics in one process, since it started.

export interface TopicCounters {
  /** Publications that came from the broker, for subscribers and listeners here. */
  publications: number
  /** Subscribers that were behind by more than they may, each time. */
  overflows: number
  /** Publications that a subscriber was not sent, by policy. */
  droppedOldest: number
  droppedNewest: number
  conflated: number
  /** Gaps that subscribers were told of. */
  gaps: number
  /** Subscribers that were closed because they were behind. */
  disconnected: number
  /** Times that publishers were made to wait. */
  blocks: number
  /** Subscribers that read from history: to resume, or because they were behind. */
  catchUps: number
  /** Pages of history read for them. */
  pages: number
}

export function topicCounters(): TopicCounters {
  return {
    publications: 0,
    overflows: 0,
    droppedOldest: 0,
    droppedNewest: 0,
    conflated: 0,
    gaps: 0,
    disconnected: 0,
    blocks: 0,
    catchUps: 0,
    pages: 0,
  }
}
