import type { ActionFields } from '../../contracts/inputs.js'
import type { PauseMeaning, SetupPause } from '../../contracts/setup.js'
import { commonPause } from '../../domain/transitions.js'

/**
 * What pauses and actions meant before a pause carried its meaning: for set-ups that wait since then, and for recorded
 * histories. Nothing is added here; a CRM's folder says what its pauses mean.
 */
const ACTIONS_OF_BEFORE: ActionFields = {
  useForm: { needs: 'formId', forgets: 'tab' },
  useTab: { needs: 'tab' },
  useView: { needs: 'viewId' },
  createTab: { forgets: 'tab' },
  publishAll: {},
}
const PAUSES_OF_BEFORE: Readonly<Record<string, PauseMeaning>> = {
  draftPending: { looksAgain: true },
  purposeMissing: { looksAgain: true },
  viewUncertain: { forgets: 'viewId' },
}

/** The CRM's own actions that a pause knows; where nothing waits, or a pause says nothing, those of before. */
export function actionsOf(pause: SetupPause | null): ActionFields {
  return pause?.actions ?? ACTIONS_OF_BEFORE
}

/** What a pause means: every CRM's by its code, else as it says itself. */
export function meaningOf(pause: SetupPause): PauseMeaning {
  const said = pause.actions === undefined ? PAUSES_OF_BEFORE[pause.code] : pause
  return commonPause(pause.code) ?? said ?? {}
}
