import { DynamicsWebApi } from 'dynamics-web-api'
import { DEMO_ACCOUNT } from '../../dev/stack/connection-files.js'
import { CONTACT_COLUMNS } from '../../src/crm/dynamics/reading/rows.js'
import { inParallel } from '../../src/http/index.js'
import type { OpenedWorld } from '../world/open-world.js'
import { ask, keepAlive } from './ask.js'
import { dynamicsToken } from './read-all.js'

const AT_ONCE = 8

/** Number of people that are read; the time for all is extrapolated, because it would be hours. */
const READ = 1_000

/**
 * The simplest loop that one would write: one call to each system for each person, 8 people concurrently, with the
 * CRM's published client.
 */
export async function readOneByOne({
  world,
  emails,
}: OpenedWorld): Promise<{ readonly ms: number; readonly cpuMs: number }> {
  const agent = keepAlive(world.emarketeerUrl)
  const token = await dynamicsToken(world.crmUrl)
  const api = new DynamicsWebApi({
    serverUrl: world.crmUrl,
    dataApi: { version: '9.2' },
    onTokenRefresh: () => Promise.resolve(token),
  })
  const some = emails.slice(0, READ)
  const startedAt = performance.now()
  await inParallel(some, AT_ONCE, async (email) => {
    const { value } = await api.retrieveMultiple({
      collection: 'contacts',
      select: [...CONTACT_COLUMNS],
      filter: `emailaddress1 eq '${email}'`,
    })
    const { status } = await ask(
      {
        method: 'POST',
        url: `${world.emarketeerUrl}/sync-internal/v1/accounts/${DEMO_ACCOUNT.accountId}/states/read`,
        headers: { 'x-api-key': world.emarketeerKey, 'content-type': 'application/json' },
        body: JSON.stringify({ emails: [email] }),
      },
      agent,
    )
    if (value.length !== 1 || status !== 200) {
      throw new Error(`${value.length} contacts, status ${status}`)
    }
  })
  const ms = ((performance.now() - startedAt) * emails.length) / some.length
  agent.destroy()
  return { ms, cpuMs: NaN }
}
