import { connectionFiles, secretVariables } from '../../dev/stack/connection-files.js'
import type { BenchControl } from './bench-control.js'
import type { CrmPlace } from './crm-place.js'

interface Contact {
  readonly contactid: string
  readonly emailaddress1: string | null
  readonly donotbulkemail: boolean
}

/** Reads the table in pages, because its dump is one string. */
async function* contactsOf(control: BenchControl): AsyncGenerator<Contact> {
  let after: number | null = 0
  while (after !== null) {
    const page: Page = await control.get(`rows/contact?after=${after}`)
    yield* page.rows
    after = page.next
  }
}

interface Page {
  readonly rows: readonly Contact[]
  readonly next: number | null
}

/** Dynamics 365, whose changes are a complete delta. */
export const dynamicsPlace: CrmPlace = {
  standIn: 'dynamics',
  options: () => Promise.resolve({ allowAnyWebhookPort: true }),
  connection: (ready) => ({
    file: connectionFiles({ dynamics: ready, superOffice: null }).dynamics,
    secrets: secretVariables(null),
    caPem: null,
  }),
  async seed(control, { count, firstNumber, basis }) {
    await control.post('seed/contacts', {
      count,
      seed: firstNumber,
      start: firstNumber,
      prefix: 'person',
      domain: 'bench.example',
      doNotAllowShare: basis === 'withdrawn' ? 1 : 0,
    })
  },
  async loseWebhooks(control) {
    await control.post('switches', { webhooks: { loseShare: 1 } })
  },
  async denier(control) {
    const ids = new Map<string | null, string>()
    for await (const { emailaddress1, contactid } of contactsOf(control)) {
      ids.set(emailaddress1, contactid)
    }
    return (email) =>
      control.patch(`rows/contact/${ids.get(email)}`, {
        as: 'Kari Nordmann',
        values: { donotbulkemail: true },
      })
  },
  async denied(control) {
    const denied = new Set<string>()
    for await (const { emailaddress1, donotbulkemail } of contactsOf(control)) {
      if (donotbulkemail && emailaddress1 !== null) {
        denied.add(emailaddress1)
      }
    }
    return denied
  },
}

/** The same, and the customer's entitlement allows every subscription row on the first day. */
export const roomyDynamicsPlace: CrmPlace = {
  ...dynamicsPlace,
  connection(ready) {
    const { file, ...rest } = dynamicsPlace.connection(ready)
    return { ...rest, file: { ...file, subscriptionRowsPerDay: 2_000_000_000 } }
  },
}
