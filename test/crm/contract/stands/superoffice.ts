import type { CrmDriver, CrmFacts, CrmClient } from '../../../../src/crm/crm.js'
import {
  superOfficeOnlineDriver,
  superOfficeOnsiteDriver,
} from '../../../../src/crm/superoffice/driver.js'
import { standInControl } from '../../../../simulators/common/control-client.js'
import type { SuperofficeOptions } from '../../../../simulators/superoffice/options.js'
import {
  startSuperoffice,
  type RunningSuperoffice,
} from '../../../../simulators/superoffice/start.js'
import { openOptions, type ContractStand, type Value } from '../contract-stand.js'

const KEYS: Readonly<Partial<Record<Value, string>>> = {
  consent: '61A',
  contract: '61B',
  legitimateInterest: '61F',
  withdrawn: 'WITHDRAWN',
}
const VALUES = new Map(Object.entries(KEYS).map(([value, key]) => [key, value as Value]))

/** One line of the stand-in's dump. */
interface Person {
  readonly deleted: string | null
  readonly consents: Readonly<Record<string, { readonly legalBase: string | null }>>
}

interface Listed {
  readonly key: string
  readonly name: string
  readonly deleted: number
}

/** SuperOffice's driver and its stand-in, of the kind in the options. */
export async function superOfficeStand(options: SuperofficeOptions): Promise<ContractStand> {
  const running = await startSuperoffice({
    allowHttpWebhooks: true,
    enableWebhooks: true,
    webhookTimeScale: 0.001,
    ...options,
  })
  const { post, get, clearFaults } = standInControl(running.controlUrl)
  const { personIds } = await post<{ personIds: number[] }>('persons', {
    persons: [{ firstName: 'Test', emails: ['test.person@contract.example'] }],
  })
  const testPersonId = personIds[0]!
  const own = await post<{ id: number }>('lists/LegalBase', { key: 'OWN', name: 'Our own' })
  const { driver, open } = opener(running, testPersonId)
  const fault = async (rule: object) => void (await post('faults', rule))
  const person = (id: string | number) => get<Person>(`persons/${id}`)
  const basisOf = ({ consents }: Person) => {
    const key = consents[`${prefix}EMARKETING`]?.legalBase
    return key?.slice(prefix.length) ?? null
  }
  const prefix = options.older ? '#' : ''
  const act = async (id: string, verb: string, body: object) =>
    void (await post(`persons/${id}/${verb}`, body))
  return {
    driver,
    furtherAddresses: true,
    postsWebhooks: !options.older,
    signsWebhooks: true,
    // Without archive POST the addresses of a request must fit into its URL.
    ...(options.older ? { contactsPerRequest: 14 } : {}),
    open,
    openRefused: () => open({}, options.mode === 'onsite' ? 'password' : 'systemUserToken'),
    async shape() {
      const lists = ['ConsentPurpose', 'LegalBase', 'ConsentSource'].map(async (list) =>
        (await get<Listed[]>(`lists/${list}`))
          .filter(({ deleted }) => deleted === 0)
          .map(({ key, name }) => `${list} ${key} ${name}`)
          .sort(),
      )
      const basis = basisOf(await person(testPersonId))
      // An insertion can only be undone by a withdrawal, which is equivalent to nothing.
      return { lists: await Promise.all(lists), basis: basis ?? 'WITHDRAWN' }
    },
    async add(people) {
      const persons = people.map(({ emails, value }) => ({
        emails,
        consents: value === undefined ? {} : { EMARKETING: longSet(KEYS[value]!) },
      }))
      const made = await post<{ personIds: number[] }>('persons', { persons })
      return made.personIds.map(String)
    },
    userSets: (id, value) => act(id, 'consent', { purpose: 'EMARKETING', legalBase: KEYS[value] }),
    userTouches: (id) => act(id, 'edit-consent', { purpose: 'EMARKETING' }),
    async makeUnreadable(id) {
      // The value of a row whose basis has no key is unknown and cannot be mapped.
      await act(id, 'consent', { purpose: 'EMARKETING', legalBase: 'OWN' })
      await post(`lists/LegalBase/${own.id}`, { key: '' })
    },
    remove: (id) => act(id, 'delete', { soft: true }),
    async truth(id) {
      const key = basisOf(await person(id))
      return key === null ? 'none' : (VALUES.get(key) ?? null)
    },
    requests: async () => (await get<{ total: number }>('requests')).total,
    skewClock: async (ms) => void (await post('clock', { skewMs: ms })),
    faults: {
      throttle: (seconds) =>
        fault({ status: 429, headers: { 'Retry-After': String(seconds) }, body: {} }),
      failWith: (status, text) => fault({ path: '/api/', status, body: { Message: text } }),
      hang: () => fault({ path: '/api/', delayMs: 6_000 }),
      loseWriteAnswer: (landed) =>
        fault({ method: 'PUT|POST', path: WRITES, reset: true, execute: landed, times: 1 }),
      refuseWritesOf: (id) =>
        fault({ method: 'PUT', path: `Person/${id}/Consent`, status: 403, body: {} }),
    },
    mend: () => clearFaults(),
    drainWebhooks: async () => void (await post('webhooks/drain')),
    close: () => running.close(),
  }
}

/** One by one, or many in one request. */
const WRITES = '/Consent/|/Upsert'

/** A consent that somebody set long ago. */
function longSet(legalBase: string) {
  const updated = '2026-02-24T09:31:12Z'
  return { legalBase, registered: '2024-03-01T08:00:00Z', updated, updatedCount: 3 }
}

function opener({ handedOut }: RunningSuperoffice, testPersonId: number) {
  const { online, onsite, apiUrl } = handedOut
  const driver = (online ? superOfficeOnlineDriver : superOfficeOnsiteDriver) as CrmDriver
  const section = online
    ? {
        loginHost: online.loginUrl,
        contextIdentifier: online.contextIdentifier,
        clientSecret: online.clientSecret,
        systemUserToken: online.systemUserToken,
        privateKey: online.privateKeyPem,
      }
    : { baseUrl: apiUrl, username: onsite?.user, password: onsite?.password }
  const open = (facts: CrmFacts = {}, wrong?: string): CrmClient =>
    driver.open(
      driver.configSchema.parse({
        ...section,
        testPersonId,
        ...(wrong === undefined ? {} : { [wrong]: 'another one' }),
      }),
      openOptions(facts),
    )
  return { driver, open }
}
