import type { SetupStep } from '../../crm.js'
import { connectStep } from './steps/connect.js'
import { listsStep } from './steps/lists.js'
import { measureStep } from './steps/measure.js'
import { privilegesStep } from './steps/privileges.js'
import { setupStep } from './step.js'
import { sourceStep } from './steps/source.js'

/** SuperOffice's own steps, in order (rule E1). Webhooks, first sync and sweep belong to the runner. */
export const SUPEROFFICE_SETUP_STEPS: readonly SetupStep[] = [
  connectStep,
  privilegesStep,
  listsStep,
  sourceStep,
  measureStep,
].map(setupStep)
