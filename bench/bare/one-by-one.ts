import { DynamicsWebApi } from 'dynamics-web-api'
import { DEMO_ACCOUNT } from '../../dev/stack/connection-files.js'
import { CONTACT_COLUMNS } from '../../src/crm/dynamics/reading/rows.js'
import { inParallel } from '../../src/http/index.js'
import type { OpenedWorld } from '../world/open-world.js'
import { askPatiently, keepAlive } from './ask.js'
import { dynamicsToken } from './read-all.js'

const AT_ONCE = 8

/** Number of people that are read; the time for all is extrapolated, because it would be hours. */
const READ = 1_000

/**
 * The simplest loop that one would write: one call to each system for each person, 8 people concurrently, with the
 * CRM's published client. It is faster than eMarketeer's rate limit, so it also waits for `Retry-After`.
 */
export async function readOneByOne(
  { world, emails }: OpenedWorld,
  note: (line: string) => void,
): Promise<{ readonly ms: number; readonly cpuMs: number }> {
  const agent = keepAlive(world.emarketeerUrl)
  const token = await dynamicsToken(world.crmUrl)
  const api = new DynamicsWebApi({
    serverUrl: world.crmUrl,
    dataApi: { version: '9.2' },
    onTokenRefresh: () => Promise.resolve(token),
  })
  const some = emails.slice(0, READ)
  let waits = 0
  const startedAt = performance.now()
  await inParallel(some, AT_ONCE, async (email) => {
    const { value } = await api.retrieveMultiple({
      collection: 'contacts',
      select: [...CONTACT_COLUMNS],
      filter: `emailaddress1 eq '${email}'`,
    })
    const { status } = await askPatiently(
      {
        method: 'POST',
        url: `${world.emarketeerUrl}/sync-internal/v1/accounts/${DEMO_ACCOUNT.accountId}/states/read`,
        headers: { 'x-api-key': world.emarketeerKey, 'content-type': 'application/json' },
        body: JSON.stringify({ emails: [email] }),
      },
      agent,
      () => (waits += 1),
    )
    if (value.length !== 1 || status !== 200) {
      throw new Error(`${value.length} contacts, status ${status}`)
    }
  })
  const measuredMs = performance.now() - startedAt
  note(
    `  ${some.length} people one by one: ${Math.round(measuredMs)} ms, ${waits} waits for eMarketeer's Retry-After`,
  )
  const ms = (measuredMs * emails.length) / some.length
  agent.destroy()
  return { ms, cpuMs: NaN }
}
