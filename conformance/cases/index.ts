// All cases, in the order of their subjects.

import type { Case } from '../script.ts'
import { closeCases } from './close.ts'
import { controlFrameCases } from './control-frames.ts'
import { deflateCases } from './deflate.ts'
import { deflateHostileCases } from './deflate-hostile.ts'
import { deflateNegotiationCases } from './deflate-negotiation.ts'
import { echoCases } from './echo.ts'
import { fragmentationCases } from './fragmentation.ts'
import { framingCases } from './framing.ts'
import { handshakeCases } from './handshake.ts'
import { handshakeHostileCases } from './handshake-hostile.ts'
import { hostileCases } from './hostile.ts'
import { hostileResourceCases } from './hostile-resources.ts'
import { limitCases } from './limits.ts'
import { originCases } from './origin.ts'
import { smugglingCases } from './smuggling.ts'
import { utf8Cases } from './utf8.ts'

export const cases: readonly Case[] = [
  ...framingCases,
  ...controlFrameCases,
  ...fragmentationCases,
  ...utf8Cases,
  ...closeCases,
  ...limitCases,
  ...handshakeCases,
  ...smugglingCases,
  ...handshakeHostileCases,
  ...originCases,
  ...deflateNegotiationCases,
  ...deflateCases,
  ...deflateHostileCases,
  ...echoCases,
  ...hostileCases,
  ...hostileResourceCases,
]
