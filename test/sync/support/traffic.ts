import type { StandIns } from './stand-ins.js'
import type { World } from './world.js'

/** The state that a pass at rest must not change. */
export interface Traffic {
  /** Calls that write states to eMarketeer. */
  readonly emarketeerWrites: number
  /** Changes in eMarketeer's feed. */
  readonly emarketeerChanges: number
  /** Dataverse's version counter. Any write to any row increases it. */
  readonly dynamicsVersion: number
  readonly consentEvents: number
  readonly outcomes: number
}

/** How far each feed was read. The length only grows. */
const lengths = new WeakMap<StandIns, number>()

async function feedLength(standIns: StandIns): Promise<number> {
  const from = lengths.get(standIns) ?? 0
  const more = await standIns.emarketeer.lines(`accounts/1001/feed?from=${from}`)
  lengths.set(standIns, from + more.length)
  return from + more.length
}

/** Reads the present counts. */
export async function traffic({ standIns, db }: World): Promise<Traffic> {
  const { operations } = await standIns.emarketeer.get<{ operations: Record<string, number> }>(
    'requests',
  )
  const changes = await feedLength(standIns)
  const { version } = await standIns.dynamics<{ version: number }>('GET', 'state')
  const [row] = await db.query<{ events: number; outcomes: number }>(
    `SELECT (SELECT count(*) FROM consent_events) AS events,
        (SELECT count(*) FROM consent_event_outcomes) AS outcomes`,
  )
  const writes = Object.entries(operations).filter(([operation]) => /write/i.test(operation))
  return {
    emarketeerWrites: writes.reduce((sum, [, count]) => sum + count, 0),
    emarketeerChanges: changes,
    dynamicsVersion: version,
    consentEvents: row!.events,
    outcomes: row!.outcomes,
  }
}
