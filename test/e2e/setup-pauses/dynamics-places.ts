import { DEFAULT_OPTIONS } from '../../../simulators/dynamics/options.js'
import { labelIn } from '../../../src/crm/dynamics/setup/table/bodies.js'
import { webApi } from '../../crm/dynamics/support/web-api.js'
import { startOrganisation, type DynamicsOrganisation } from './dynamics-organisation.js'
import { FORM_PLACES } from './form-places.js'
import { ABORT, SET_UP, type PausePlace } from './pause-place.js'
import { VIEW_PLACES } from './view-places.js'

const label = labelIn(1033)
const CLIENT_ID = DEFAULT_OPTIONS.apps[0]?.clientId
const SECRET = DEFAULT_OPTIONS.apps[0]?.secret
const BUILT = { ...SET_UP, tables: true, section: ['Contact/DETAILS_TAB'] }
const NOTHING_BUILT = { ...ABORT.stands, tables: false }

const switches = async (org: DynamicsOrganisation, body: object): Promise<void> => {
  await org.control('POST', 'switches', body)
}

const ROLE_OF_TABLES = ['Create', 'Read', 'Write', 'Delete', 'Append', 'AppendTo'].flatMap((verb) =>
  ['em_Subscriptions', 'em_SubscriptionCategories'].map((table) => `prv${verb}${table}`),
)

/** Every pause of Dynamics' set-up, where it occurs, with each of its choices. */
export const DYNAMICS_PLACES: readonly PausePlace<DynamicsOrganisation>[] = [
  {
    code: 'authFailed',
    step: 'connect',
    when: 'the client secret was changed',
    start: startOrganisation,
    make: (org) =>
      switches(org, { secret: { clientId: CLIENT_ID, secret: 'another' }, revokeTokens: true }),
    choices: {
      retry: {
        mend: (org) => switches(org, { secret: { clientId: CLIENT_ID, secret: SECRET } }),
        fixed: 'the secret is right again',
        then: 'set-up goes on to its end',
        next: 'done',
        state: 'done',
        stands: BUILT,
      },
      abort: { ...ABORT, stands: NOTHING_BUILT },
    },
  },
  {
    code: 'tenantUnavailable',
    step: 'connect',
    when: 'Dynamics asks to wait, try after try',
    start: startOrganisation,
    async make(org) {
      // With a requested wait of one second each, 15 minutes' number of tries takes 20 seconds.
      const headers = { 'Retry-After': '1' }
      await org.control('POST', 'faults', { path: 'WhoAmI', status: 429, headers, body: {} })
    },
    choices: {
      retry: {
        mend: async (org) => void (await org.control('DELETE', 'faults')),
        fixed: 'it answers again',
        then: 'set-up goes on to its end',
        next: 'done',
        state: 'done',
        stands: BUILT,
      },
      abort: { ...ABORT, stands: NOTHING_BUILT },
    },
  },
  {
    code: 'privilegeMissing',
    step: 'privileges',
    when: 'the application user may not write contacts, as the check finds',
    start: startOrganisation,
    make: (org) => switches(org, { removePrivileges: ['prvWriteContact'] }),
    choices: {
      retry: {
        mend: (org) => switches(org, { grantPrivileges: ['prvWriteContact'] }),
        fixed: 'a role gives it',
        then: 'set-up goes on to its end',
        next: 'done',
        state: 'done',
        stands: BUILT,
      },
      skip: {
        then: 'set-up goes on, and waits at the step that needs the privilege',
        next: { step: 'firstSync', code: 'privilegeMissing' },
        state: 'skipped',
        stands: { connection: 'settingUp', tables: true, optedOut: false },
      },
      abort: { ...ABORT, stands: NOTHING_BUILT },
    },
  },
  {
    code: 'privilegeMissing',
    step: 'tables',
    when: 'Dynamics refuses to create a table (status 403)',
    start: startOrganisation,
    make: (org) => switches(org, { removePrivileges: ['prvCreateEntity'] }),
    choices: {
      retry: {
        mend: (org) => switches(org, { grantPrivileges: ['prvCreateEntity'] }),
        fixed: 'a role gives it',
        then: 'set-up goes on to its end',
        next: 'done',
        state: 'done',
        stands: BUILT,
      },
      abort: { ...ABORT, stands: NOTHING_BUILT },
    },
  },
  {
    code: 'columnTypeClash',
    step: 'tables',
    when: 'the customer has a table of our name without our columns',
    start: startOrganisation,
    make: customersTable,
    choices: {
      retry: {
        mend: async (org) =>
          void (await webApi(org, 'DELETE', `EntityDefinitions(LogicalName='em_subscriptions')`)),
        fixed: 'the customer removes it',
        then: 'our tables are made, and set-up goes on to its end',
        next: 'done',
        state: 'done',
        stands: BUILT,
      },
      abort: { ...ABORT, stands: { ...ABORT.stands, tables: true, webhooks: 0 } },
    },
  },
  {
    code: 'privilegeMissing',
    step: 'tablePrivileges',
    when: 'nobody has given the privileges on the new tables',
    start: () => startOrganisation({ grantNewTables: false }),
    choices: {
      retry: {
        mend: (org) => switches(org, { grantPrivileges: ROLE_OF_TABLES }),
        fixed: 'a role gives them',
        then: 'set-up goes on to its end',
        next: 'done',
        state: 'done',
        stands: BUILT,
      },
      skip: {
        then: 'set-up goes on, and waits at the first step that writes to the tables',
        next: { step: 'categories', code: 'privilegeMissing' },
        state: 'skipped',
        stands: { connection: 'settingUp', tables: true, section: ['Contact/DETAILS_TAB'] },
      },
      abort: { ...ABORT, stands: { ...ABORT.stands, tables: true } },
    },
  },
  ...VIEW_PLACES,
  ...FORM_PLACES,
  {
    code: 'gatewayUnreachable',
    step: 'webhooks',
    when: 'the gateway does not run',
    start: startOrganisation,
    make: (_org, course) => course.gateway('down'),
    choices: {
      retry: {
        mend: (_org, course) => course.gateway('up'),
        fixed: 'the gateway is started',
        then: 'Dynamics and eMarketeer post changes to it',
        next: 'done',
        state: 'done',
        stands: { ...BUILT, webhooks: 1 },
      },
      skip: {
        then: 'set-up ends without webhooks; the sweep finds changes',
        next: 'done',
        state: 'skipped',
        stands: { ...BUILT, webhooks: 0 },
      },
      abort: { ...ABORT, stands: { ...ABORT.stands, webhooks: 0 } },
    },
  },
  {
    code: 'authFailed',
    step: 'webhooks',
    when: 'eMarketeer refuses our key',
    start: startOrganisation,
    make: (_org, course) => course.emarketeer({ method: 'PUT', path: 'webhook', status: 401 }),
    choices: {
      retry: {
        mend: (_org, course) => course.emarketeer(null),
        fixed: 'it takes the key again',
        then: 'Dynamics and eMarketeer post changes',
        next: 'done',
        state: 'done',
        stands: { ...BUILT, webhooks: 1 },
      },
      skip: {
        then: 'set-up goes on, and waits at the next step that needs eMarketeer',
        next: { step: 'categories', code: 'authFailed' },
        state: 'skipped',
        stands: { connection: 'settingUp', sweep: false, optedOut: false },
      },
      abort: ABORT,
    },
  },
  {
    code: 'stepFailed',
    step: 'publisher',
    when: 'Dynamics refuses to make the publisher (status 400)',
    start: startOrganisation,
    make: async (org) => {
      await org.control('POST', 'faults', { method: 'POST', path: '/publishers', status: 400 })
    },
    choices: {
      retry: {
        mend: async (org) => void (await org.control('DELETE', 'faults')),
        fixed: 'it takes it',
        then: 'set-up goes on to its end',
        next: 'done',
        state: 'done',
        stands: BUILT,
      },
      abort: { ...ABORT, stands: NOTHING_BUILT },
    },
  },
]

async function customersTable(org: DynamicsOrganisation): Promise<void> {
  await webApi(org, 'POST', 'EntityDefinitions', {
    SchemaName: 'em_Subscriptions',
    DisplayName: label('Subscriptions'),
    DisplayCollectionName: label('Subscriptions'),
    OwnershipType: 'OrganizationOwned',
    Attributes: [
      {
        '@odata.type': 'Microsoft.Dynamics.CRM.StringAttributeMetadata',
        SchemaName: 'em_Title',
        MaxLength: 100,
        DisplayName: label('Title'),
        IsPrimaryName: true,
      },
    ],
  })
}
