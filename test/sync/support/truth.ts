import { dynamicsRows } from './person-state.js'
import type { World } from './world.js'

/** The state of both systems at one address. */
export interface Truth {
  readonly basis: string | null
  readonly subscribed: Readonly<Record<string, boolean>>
  readonly toggles: readonly ('allow' | 'deny')[]
}

interface Line {
  readonly contactId: string | null
  readonly email: string
  readonly consents?: Record<string, { value: string }>
  readonly subscriptions?: Record<string, { value: boolean }>
}

/** Reads everybody in one call per system: eMarketeer's dump and Dynamics' contacts. */
export async function truthOf(world: World): Promise<(email: string) => Truth> {
  const lines = await world.standIns.emarketeer.lines<Line>('accounts/1001/dump')
  const byEmail = new Map(lines.filter((l) => l.contactId !== null).map((l) => [l.email, l]))
  const toggles = new Map<string, ('allow' | 'deny')[]>()
  for (const row of await dynamicsRows(world, 'contact')) {
    const email = String(row['emailaddress1'])
    if (row['statecode'] === 0) {
      const toggle = row['donotbulkemail'] === true ? 'deny' : 'allow'
      toggles.set(email, [...(toggles.get(email) ?? []), toggle])
    }
  }
  return (email) => {
    const line = byEmail.get(email)
    return {
      basis: line?.consents?.['marketingSendouts']?.value ?? null,
      subscribed: Object.fromEntries(
        Object.entries(line?.subscriptions ?? {}).map(([id, { value }]) => [id, value]),
      ),
      toggles: toggles.get(email) ?? [],
    }
  }
}
