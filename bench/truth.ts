import type { Stage } from '../src/cli/demo/stage.js'
import { DEMO_ACCOUNT, DEMO_DYNAMICS } from '../src/cli/stack/start-stack.js'

const POSITIVE = new Set([
  'consent',
  'legitimateInterest',
  'contract',
  'requiredByLaw',
  'vitalInterests',
  'publicInterest',
])

/** The stand-ins' own truth, and what people do in them; nothing of ours. */
export interface Truth {
  /** Addresses that both systems allow and that have the category on Yes. */
  mailable(): Promise<string[]>
  denyInDynamics(email: string): Promise<void>
  unsubscribe(email: string): Promise<void>
  /** The baseline: the bare requests of reading every contact of Dynamics once, without anything else. */
  bareDirectReadMs(): Promise<number>
}

/** @param stage the running stack. */
export function startTruth(stage: Stage): Truth {
  return {
    async mailable() {
      const denied = new Set(
        (await stage.crmContacts()).filter((c) => c.donotbulkemail).map((c) => c.emailaddress1),
      )
      return (await stage.emarketeerContacts())
        .filter((c) => POSITIVE.has(c.consents['marketingSendouts']?.value ?? 'none'))
        .filter((c) => c.consents['storeAndProcess']?.value !== 'withdrawn')
        .filter((c) => c.subscriptions['c1']?.value !== false && !denied.has(c.email))
        .map((c) => c.email ?? '')
    },
    async denyInDynamics(email) {
      const contact = (await stage.crmContacts()).find((c) => c.emailaddress1 === email)
      await stage.dynamics.send('PATCH', `rows/contact/${contact!.contactid}`, {
        as: 'Kari Nordmann',
        values: { donotbulkemail: true },
      })
    },
    async unsubscribe(email) {
      await stage.emarketeer.send('POST', `accounts/${DEMO_ACCOUNT.accountId}/acts`, {
        acts: [{ email, kind: 'unsubscribeAll' }],
      })
    },
    async bareDirectReadMs() {
      const { url } = stage.stack.places.dynamics
      const token = await bareToken(url)
      const ids = (await stage.crmContacts()).map((c) => c.contactid)
      const startedAt = performance.now()
      for (let at = 0; at < ids.length; at += 500) {
        const values = encodeURIComponent(JSON.stringify(ids.slice(at, at + 500)))
        const filter = `Microsoft.Dynamics.CRM.In(PropertyName='contactid',PropertyValues=${values})`
        const response = await fetch(
          `${url}/api/data/v9.2/contacts?$select=contactid,donotbulkemail,statecode&$filter=${filter}`,
          {
            headers: {
              authorization: `Bearer ${token}`,
              accept: 'application/json',
              'odata-version': '4.0',
              'odata-maxversion': '4.0',
            },
          },
        )
        if (!response.ok) {
          throw new Error(`bare read: ${response.status}`)
        }
        await response.json()
      }
      return performance.now() - startedAt
    },
  }
}

async function bareToken(url: string): Promise<string> {
  const response = await fetch(`${url}/${DEMO_DYNAMICS.tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      client_id: DEMO_DYNAMICS.clientId,
      client_secret: DEMO_DYNAMICS.secret,
      grant_type: 'client_credentials',
      scope: `${url}/.default`,
    }).toString(),
  })
  return ((await response.json()) as { access_token: string }).access_token
}
