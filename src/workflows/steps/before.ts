import type { ActionFields } from '../../contracts/inputs.js'
import type { PauseMeaning, SetupPause } from '../../contracts/setup.js'
import { commonPause } from '../../domain/transitions.js'

/**
 * The meanings of pauses and actions before a pause stored its own: for set-ups that have waited since then, and for
 * recorded histories. Add nothing here; a CRM's folder defines what its pauses mean.
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

/**
 * The CRM's own actions that a pause allows. Those of earlier releases if nothing waits or the pause does not define
 * any.
 */
export function actionsOf(pause: SetupPause | null): ActionFields {
  return pause?.actions ?? ACTIONS_OF_BEFORE
}

/** The meaning of a pause: by its code if it is common to every CRM, otherwise as the pause defines it. */
export function meaningOf(pause: SetupPause): PauseMeaning {
  const said = pause.actions === undefined ? PAUSES_OF_BEFORE[pause.code] : pause
  return commonPause(pause.code) ?? said ?? {}
}
