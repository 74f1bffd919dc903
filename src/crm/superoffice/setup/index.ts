import type { SetupStep } from '../../crm.js'
import { connectStep } from './connect.js'
import { listsStep } from './lists.js'
import { measureStep } from './measure.js'
import { privilegesStep } from './privileges.js'
import { setupStep } from './setup-step.js'
import { sourceStep } from './source.js'

/** The steps that are SuperOffice's own, in order (rule E1); webhooks, first sync and sweep are the runner's. */
export const SUPEROFFICE_SETUP_STEPS: readonly SetupStep[] = [
  connectStep,
  privilegesStep,
  listsStep,
  sourceStep,
  measureStep,
].map(setupStep)
