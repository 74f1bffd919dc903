import type { z } from 'zod'
import type { TicketBook } from '../auth/ticket-book.js'
import type { HandedOut } from '../handed-out.js'
import type { Installation } from '../installation.js'

/** Parts of the stand-in that the control API can change. */
export interface ControlTargets {
  readonly world: Installation
  readonly tickets: TicketBook
  readonly approval: { revoked: boolean }
  readonly moveApi: () => Promise<string>
  readonly facts: () => HandedOut
}

export interface ControlCall extends ControlTargets {
  readonly method: string
  /** The path below `/__control`, in parts. */
  readonly segments: readonly string[]
  readonly query: URLSearchParams
  readonly body: <S extends z.ZodType>(schema: S) => z.output<S>
}

/** Carries out a control request; undefined: not one of its switches. A response is sent unchanged. */
export type ControlRoute = (call: ControlCall) => unknown
