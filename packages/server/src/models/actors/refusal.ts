// How a method answers an ask with an error and goes on. Anything else that is thrown ends the actor.

export class Refusal extends Error {
  /** What whoever asked is given. */
  readonly answer: unknown

  constructor(answer: unknown) {
    super('An ask was refused', { cause: answer })
    this.name = 'Refusal'
    this.answer = answer
  }
}
