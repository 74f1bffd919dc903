import type { CrmDriver, SetupStep } from '../crm.js'
import { explainRefusal } from './auth/entra-errors.js'
import {
  AUTHORITY_HOSTS,
  type DynamicsConfig,
  dynamicsConfigSchema,
  ENVIRONMENT_HOSTS,
} from './config.js'
import { MAX_IN_VALUES } from './reading/batch-queries.js'
import { DynamicsCrm } from './session.js'
import { SETUP_ACTIONS, SETUP_PAUSES } from './setup/pauses.js'
import { judgeWebhookHeaders, receiveWebhook } from './webhooks/receive.js'
import { changeTrackingStep } from './setup/steps/change-tracking.js'
import { connectStep } from './setup/steps/connect.js'
import { formStep } from './setup/steps/form.js'
import { keysStep } from './setup/steps/keys.js'
import { privilegesStep, tablePrivilegesStep } from './setup/steps/privileges.js'
import { publishStep } from './setup/steps/publish.js'
import { publisherStep } from './setup/steps/publisher.js'
import { relationshipsStep } from './setup/steps/relationships.js'
import { setupStep } from './setup/step.js'
import { tablesStep } from './setup/steps/tables.js'
import { viewStep } from './setup/steps/view.js'

/** Dynamics' own steps, in order (rule E1). Webhooks, categories and first sync belong to the runner. */
const SETUP_STEPS: readonly SetupStep[] = [
  connectStep,
  privilegesStep,
  publisherStep,
  tablesStep,
  keysStep,
  relationshipsStep,
  tablePrivilegesStep,
  changeTrackingStep,
  viewStep,
  formStep,
  publishStep,
].map(setupStep)

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
