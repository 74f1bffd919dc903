import type { CrmDriver } from '../crm.js'
import { explainRefusal } from './auth/refusal-hints.js'
import {
  AUTHORITY_HOSTS,
  type DynamicsConfig,
  dynamicsConfigSchema,
  ENVIRONMENT_HOSTS,
} from './config.js'
import { MAX_IN_VALUES } from './reading/chunks.js'
import { DynamicsCrm } from './session.js'
import { SETUP_STEPS } from './setup/index.js'
import { SETUP_ACTIONS, SETUP_PAUSES } from './setup/pauses.js'
import { judgeWebhookHeaders, receiveWebhook } from './webhooks/receive.js'

/** Microsoft Dynamics 365 Sales (Dataverse), as the registry knows it (rules B, D). */
export const dynamicsDriver: CrmDriver<DynamicsConfig> = {
  crm: 'dynamics',
  capabilities: {
    values: 'toggle',
    refusesStaleWrites: true,
    purposes: ['marketingSendouts'],
    subscriptions: true,
    completeDelta: true,
    fieldHistory: true,
    directReadContactsPerRequest: MAX_IN_VALUES,
  },
  configSchema: dynamicsConfigSchema,
  configSection: 'dynamics',
  secretPaths: ['clientSecret'],
  knownHosts: { environmentUrl: ENVIRONMENT_HOSTS, authorityHost: AUTHORITY_HOSTS },
  environmentPaths: ['environmentUrl'],
  emarketeerSource: 'crmDynamics',
  setupWorkflow: 'dynamicsSetup',
  setupSteps: SETUP_STEPS,
  setupPauses: SETUP_PAUSES,
  setupActions: SETUP_ACTIONS,
  open: (config, options) => new DynamicsCrm(config, options),
  explainRefusal,
  judgeWebhookHeaders,
  receiveWebhook,
}
