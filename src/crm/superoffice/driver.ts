import type { CrmCapabilities, CrmDriver, SetupStep } from '../crm.js'
import { explainOnlineRefusal, explainOnsiteRefusal } from './auth/refusal-hints.js'
import { clientOf } from './client.js'
import {
  type OnlineConfig,
  onlineConfigSchema,
  type OnsiteConfig,
  onsiteConfigSchema,
  basisMappingOf,
} from './config.js'
import { readFacts } from './facts.js'
import { OnlineDoor, type Door, type Entry } from './door.js'
import { SuperOfficeCrm } from './session.js'
import { SETUP_PAUSES } from './setup/pauses.js'
import { judgeWebhookHeaders, receiveWebhook } from './webhooks/receive.js'
import { type CallContext, requireSecureUrl } from '../../http/index.js'
import { apiHttp } from './http-clients.js'
import { connectStep } from './setup/steps/connect.js'
import { listsStep } from './setup/steps/lists.js'
import { measureStep } from './setup/steps/measure.js'
import { privilegesStep } from './setup/steps/privileges.js'
import { setupStep } from './setup/step.js'
import { sourceStep } from './setup/steps/source.js'

/** SuperOffice's own steps, in order (rule E1). Webhooks, first sync and sweep belong to the runner. */
const SUPEROFFICE_SETUP_STEPS: readonly SetupStep[] = [
  connectStep,
  privilegesStep,
  listsStep,
  sourceStep,
  measureStep,
].map(setupStep)

const CAPABILITIES: CrmCapabilities = {
  values: 'rich',
  refusesStaleWrites: false,
  purposes: ['storeAndProcess', 'marketingSendouts'],
  subscriptions: false,
  completeDelta: false,
  fieldHistory: false,
  // 1,000 addresses take eleven requests: three for their owners, three for these persons, five for their consents (two
  // rows per person).
  directReadContactsPerRequest: 90,
}

const COMMON: Pick<
  CrmDriver,
  | 'capabilities'
  | 'configSection'
  | 'emarketeerSource'
  | 'setupWorkflow'
  | 'setupSteps'
  | 'setupPauses'
  | 'webhookStatus'
  | 'rowTimes'
  | 'judgeWebhookHeaders'
  | 'receiveWebhook'
  | 'tenantBases'
> = {
  capabilities: CAPABILITIES,
  configSection: 'superoffice',
  emarketeerSource: 'crmSuperOffice',
  setupWorkflow: 'superOfficeSetup',
  setupSteps: SUPEROFFICE_SETUP_STEPS,
  setupPauses: SETUP_PAUSES,
  // Any other status is a failure to it, and nine failed attempts of three events switch the webhook off.
  webhookStatus: 200,
  rowTimes: ({ times }, facts) => ({
    mode: times === 'never' ? times : 'auto',
    measured: readFacts(facts).measured !== undefined,
  }),
  judgeWebhookHeaders,
  receiveWebhook: (request, facts, secrets) => receiveWebhook(request, facts, secrets),
  tenantBases: { key: 'legalBases', mappingIn: basisMappingOf },
}

/** SuperOffice Online, as the registry knows it (rules C). */
export const superOfficeOnlineDriver: CrmDriver<OnlineConfig> = {
  ...COMMON,
  crm: 'superoffice-online',
  configSchema: onlineConfigSchema,
  secretPaths: ['clientSecret', 'systemUserToken', 'privateKey'],
  knownHosts: { loginHost: ['*.superoffice.com'] },
  environmentPaths: ['contextIdentifier'],
  explainRefusal: explainOnlineRefusal,
  open({ testPersonId = null, legalBases, times, ...config }, options) {
    requireSecureUrl(config.loginHost, 'superoffice.loginHost', options.allowLoopbackHttp)
    const open = () => new OnlineDoor(config, options.allowLoopbackHttp)
    // The switch changes what a cached client may do.
    const { allowLoopbackHttp } = options
    const client = clientOf({ ...config, allowLoopbackHttp }, open)
    return new SuperOfficeCrm(client, options, {
      testPersonId,
      basisMapping: basisMappingOf({ legalBases }),
      ...(times === undefined ? {} : { times }),
    })
  },
}

/** SuperOffice on the customer's own site, as the registry knows it (rules C). */
export const superOfficeOnsiteDriver: CrmDriver<OnsiteConfig> = {
  ...COMMON,
  crm: 'superoffice-onsite',
  configSchema: onsiteConfigSchema,
  secretPaths: ['password', 'ca'],
  // The customer chooses the host.
  knownHosts: { baseUrl: [] },
  environmentPaths: ['baseUrl'],
  explainRefusal: explainOnsiteRefusal,
  open({ testPersonId = null, legalBases, times, ...config }, options) {
    requireSecureUrl(config.baseUrl, 'superoffice.baseUrl', options.allowLoopbackHttp)
    const client = clientOf(config, () => onsiteDoor(config))
    return new SuperOfficeCrm(client, options, {
      testPersonId,
      basisMapping: basisMappingOf({ legalBases }),
      ...(times === undefined ? {} : { times }),
    })
  },
}

/**
 * Signs in calls to an installation on site by user and password (docs/wire-superoffice.md, 2.3). A refusal is final,
 * because there is nothing to renew.
 */
function onsiteDoor(config: OnsiteConfig): Door {
  const { username, password = '' } = config
  const credentials = Buffer.from(`${username}:${password}`, 'utf8').toString('base64')
  const entry: Entry = {
    http: apiHttp(config.baseUrl, config.ca?.replace(/\\n/g, '\n')),
    headers: { authorization: `Basic ${credentials}` },
  }
  return {
    contextIdentifier: null,
    through: <T>(_context: CallContext, send: (entry: Entry) => Promise<T>) => send(entry),
    // Nothing is cached here.
    forgetStatus: () => undefined,
  }
}
