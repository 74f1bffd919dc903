import type { World } from './world.js'

/** Everything that a pass at rest must leave as it is. */
export interface Traffic {
  /** Calls that write states to eMarketeer. */
  readonly emarketeerWrites: number
  /** Changes in eMarketeer's feed. */
  readonly emarketeerChanges: number
  /** Dataverse's version counter: any write to any row raises it. */
  readonly dynamicsVersion: number
  readonly consentEvents: number
  readonly outcomes: number
}

/** Takes stock. */
export async function traffic({ standIns, db }: World): Promise<Traffic> {
  const { operations } = await standIns.emarketeer.get<{ operations: Record<string, number> }>(
    'requests',
  )
  const feed = await standIns.emarketeer.lines('accounts/1001/feed?from=0')
  const { version } = await standIns.dynamics<{ version: number }>('GET', 'state')
  const [row] = await db.query<{ events: number; outcomes: number }>(
    `SELECT (SELECT count(*) FROM consent_events) AS events,
        (SELECT count(*) FROM consent_event_outcomes) AS outcomes`,
  )
  const writes = Object.entries(operations).filter(([operation]) => /write/i.test(operation))
  return {
    emarketeerWrites: writes.reduce((sum, [, count]) => sum + count, 0),
    emarketeerChanges: feed.length,
    dynamicsVersion: version,
    consentEvents: row!.events,
    outcomes: row!.outcomes,
  }
}
