// Fairness towards the rest of the process. Promises go on before timers and sockets are looked at, so tasks that always
// find one another ready would hold the event loop for ever: what they do is counted, and past a budget of time they
// go on in the next turn. The one place that knows setImmediate.

/** Operations between two looks at the clock. */
const OPERATIONS_PER_LOOK = 16
/** How long the operations of one turn of the event loop may take, in milliseconds. Go preempts after ten. */
const TURN_MS = 5

let untilLook = OPERATIONS_PER_LOOK
/** When the first operations of this turn were counted; NaN: none yet. */
let turnSinceMs = Number.NaN
/** Of those who wait for the next turn; null: the budget is not spent. */
let nextTurn: Promise<void> | null = null
let beginNextTurn: () => void = () => {}

const turnEnded = (): void => {
  turnSinceMs = Number.NaN
  if (nextTurn === null) return
  nextTurn = null
  beginNextTurn()
}

/** Whether an operation that need not wait may go on at once. */
export function withinBudget(): boolean {
  return (--untilLook > 0 && nextTurn === null) || look()
}

function look(): boolean {
  if (nextTurn !== null) return false
  untilLook = OPERATIONS_PER_LOOK
  const nowMs = performance.now()
  if (Number.isNaN(turnSinceMs)) {
    turnSinceMs = nowMs
    setImmediate(turnEnded)
  } else if (nowMs - turnSinceMs >= TURN_MS) {
    nextTurn = new Promise((resolve) => (beginNextTurn = resolve))
    return false
  }
  return true
}

/** For one who is not within the budget: the next turn of the event loop. */
export function turnOver(): Promise<void> {
  return nextTurn ?? Promise.resolve()
}

const done: Promise<void> = Promise.resolve()

/** An operation that is done: at once, within the budget. The promise is shared, so it costs nothing. */
export function settled(): Promise<void> {
  return withinBudget() ? done : turnOver()
}

/** As `settled`, with what came of it. */
export function settledWith<R>(result: R): Promise<R> {
  return withinBudget() ? Promise.resolve(result) : turnOver().then(() => result)
}
