import type { SetupStep } from '../../crm.js'
import { changeTrackingStep } from './steps/change-tracking.js'
import { connectStep } from './steps/connect.js'
import { formStep } from './steps/form.js'
import { keysStep } from './steps/keys.js'
import { privilegesStep } from './steps/privileges.js'
import { publishStep } from './steps/publish.js'
import { publisherStep } from './steps/publisher.js'
import { relationshipsStep } from './steps/relationships.js'
import { setupStep } from './step.js'
import { tablePrivilegesStep } from './steps/table-privileges.js'
import { tablesStep } from './steps/tables.js'
import { viewStep } from './steps/view.js'

/** Dynamics' own steps, in order (rule E1). Webhooks, categories and first sync belong to the runner. */
export const SETUP_STEPS: readonly SetupStep[] = [
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
