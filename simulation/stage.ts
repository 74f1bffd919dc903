import type { Chance } from './chance.js'
import type { Faults } from './faults.js'
import type { Ghost } from './ghost.js'
import type { SimulatedLedger } from './ledger.js'
import { People } from './people.js'
import type { Plan } from './plan.js'
import type { Scheduler } from './scheduler.js'
import type { MemoryCrm } from './systems/crm.js'
import type { MemoryEmarketeer } from './systems/emarketeer.js'

export const CONNECTION = 'acme'
export const ACCOUNT = '1001'
export const BEGIN_MS = Date.UTC(2030, 0, 7, 6)
export const MINUTE_MS = 60_000
/** Fewer shards than the inbox has, so that each has something to do. */
export const SHARDS = 2

/** What everything in a world has in common. */
export interface Stage {
  readonly plan: Plan
  readonly chance: Chance
  readonly scheduler: Scheduler
  readonly faults: Faults
  readonly ghost: Ghost
  readonly ledger: SimulatedLedger
  readonly emarketeer: MemoryEmarketeer
  readonly crm: MemoryCrm
  readonly people: People
  readonly lives: readonly number[]
}

/** Both addresses of each life. */
export function everyAddress(lives: readonly number[]): string[] {
  return lives.flatMap((life) => [People.addressOf(life), People.addressOf(life, 'other')])
}

/** How an error is told in the trace. */
export function codeOf(error: Error): string {
  return (error as { code?: string }).code ?? `${error.name}: ${error.message}`
}
