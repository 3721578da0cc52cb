// The smallest acceptor: it answers every upgrade as the test says, and keeps what it was asked.
import type { Acceptor, HttpHandler, Judgement, Refusal } from '../../../src/connection/engine.ts'
import { resolveLimits } from '../../../src/connection/limits.ts'
import type { Limits } from '../../../src/connection/limits.ts'
import type { UpgradeRequest } from '../../../src/connection/upgrade-request.ts'

export interface TestAcceptor extends Acceptor {
  readonly requests: readonly UpgradeRequest[]
}

export function testAcceptor(
  judge: (request: UpgradeRequest) => Judgement | Promise<Judgement> = tellAddress,
  limits: Partial<Limits> = {},
  http: HttpHandler | null = null,
): TestAcceptor {
  const requests: UpgradeRequest[] = []
  return {
    requests,
    limits: resolveLimits(limits),
    http,
    serves: () => true,
    judge(request) {
      requests.push(request)
      return judge(request)
    },
  }
}

/** Refuses, and says in the body which address the engine gave to the request. */
export function tellAddress(request: UpgradeRequest): Refusal {
  return refusal(`<${request.remoteAddress}>`)
}

export function refusal(body: string): Refusal {
  const response = `HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n${body}`
  return { accepted: false, code: 'ERR_UPGRADE_REFUSED', response }
}
