import type { SetupStep } from '../../crm.js'
import { changeTrackingStep } from './change-tracking.js'
import { connectStep } from './connect.js'
import { formStep } from './form.js'
import { keysStep } from './keys.js'
import { privilegesStep } from './privileges.js'
import { publishStep } from './publish.js'
import { publisherStep } from './publisher.js'
import { relationshipsStep } from './relationships.js'
import { setupStep } from './setup-step.js'
import { tablePrivilegesStep } from './table-privileges.js'
import { tablesStep } from './tables.js'
import { viewStep } from './view.js'

/** The steps that are Dynamics' own, in order (rule E1); webhooks, categories and first sync are the runner's. */
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
