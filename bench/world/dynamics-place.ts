import { connectionFiles, secretVariables } from '../../dev/stack/connection-files.js'
import type { CrmPlace } from './crm-place.js'

interface Contact {
  readonly contactid: string
  readonly emailaddress1: string | null
  readonly donotbulkemail: boolean
}

const CONTACTS = 'rows/contact?format=ndjson'

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
    const contacts = await control.lines<Contact>(CONTACTS)
    const ids = new Map(contacts.map((one) => [one.emailaddress1, one.contactid]))
    return (email) =>
      control.patch(`rows/contact/${ids.get(email)}`, {
        as: 'Kari Nordmann',
        values: { donotbulkemail: true },
      })
  },
  async denied(control) {
    const contacts = await control.lines<Contact>(CONTACTS)
    return new Set(contacts.flatMap((c) => (c.donotbulkemail ? (c.emailaddress1 ?? []) : [])))
  },
}
