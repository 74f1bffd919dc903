import { dynamicsDriver } from '../../../../src/crm/dynamics/driver.js'
import type { CrmDriver } from '../../../../src/crm/crm.js'
import { DEFAULT_OPTIONS } from '../../../../simulators/dynamics/options.js'
import { startDynamics } from '../../../../simulators/dynamics/start-dynamics.js'
import { openOptions, type ContractStand } from '../contract-stand.js'

/** Columns of a contact in the control API. */
interface ContactRow {
  readonly id: string
  readonly donotbulkemail: boolean | null
}

/** Dynamics' driver and its stand-in, where webhooks may use any port. */
export async function dynamicsStand(): Promise<ContractStand> {
  const running = await startDynamics({ allowAnyWebhookPort: true, keyActivationReads: 0 })
  async function control<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${running.controlUrl}/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await answer.text()
    if (!answer.ok) {
      throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    }
    return JSON.parse(text) as T
  }
  const fault = (rule: object) => control<void>('POST', 'faults', rule)
  const change = (id: string, values: object) =>
    control<void>('PATCH', `rows/contact/${id}`, { values })
  const secureToggle = (rights: object) =>
    control<void>('POST', 'switches', {
      secureColumn: { table: 'contact', column: 'donotbulkemail', ...rights },
    })
  const [app] = DEFAULT_OPTIONS.apps
  const open = (clientSecret: string, facts = {}) =>
    dynamicsDriver.open(
      dynamicsDriver.configSchema.parse({
        environmentUrl: running.url,
        tenantId: DEFAULT_OPTIONS.tenantId,
        clientId: app!.clientId,
        clientSecret,
        authorityHost: running.url,
      }),
      openOptions(facts),
    )
  return {
    driver: dynamicsDriver as CrmDriver,
    furtherAddresses: false,
    postsWebhooks: true,
    signsWebhooks: false,
    open: (facts) => open(app!.secret, facts),
    openRefused: () => open('another secret'),
    shape: () => control('GET', 'installation'),
    async add(people) {
      const rows = people.map(({ emails: [emailaddress1], value }) => ({
        emailaddress1,
        ...(value === undefined ? {} : { donotbulkemail: value === 'deny' }),
      }))
      const { ids } = await control<{ ids: string[] }>('POST', 'rows/contact/bulk', { rows })
      return ids
    },
    userSets: (id, value) => change(id, { donotbulkemail: value === 'deny' }),
    userTouches: (id) => change(id, { jobtitle: `Job ${Math.random()}` }),
    async makeUnreadable() {
      // Secured, with the property left out and the definitions not readable: only the rows show it.
      await secureToggle({})
      await fault({ path: 'IsSecured', status: 403, body: {} })
    },
    remove: (id) => control('DELETE', `rows/contact/${id}`),
    async truth(id) {
      const row = await control<ContactRow>('GET', `rows/contact/${id}`)
      return row.donotbulkemail === null ? null : row.donotbulkemail ? 'deny' : 'allow'
    },
    async requests() {
      const counts = await control<Record<string, number>>('GET', 'counters')
      const answers = Object.entries(counts).filter(([key]) => key.startsWith('status '))
      return answers.reduce((sum, [, count]) => sum + count, 0)
    },
    faults: {
      throttle: (seconds) =>
        fault({ status: 429, headers: { 'Retry-After': String(seconds) }, body: {} }),
      failWith: (status, text) =>
        fault({ path: '/api/', status, body: { error: { code: '0x80040265', message: text } } }),
      hang: () => fault({ path: '/api/', hang: true }),
      loseWriteAnswer: (landed) => fault({ path: 'batch', reset: true, execute: landed, times: 1 }),
      refuseWritesOf: (id) =>
        fault({ scope: 'part', method: 'PATCH', path: id, status: 400, body: {} }),
    },
    async mend() {
      await control('DELETE', 'faults')
      await secureToggle({ secured: false })
    },
    drainWebhooks: () => control('POST', 'webhooks/drain'),
    close: () => running.close(),
  }
}
