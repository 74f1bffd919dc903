import type { SetupPause } from '../../src/contracts/setup.js'
import { withMeaning } from '../../src/crm/crm.js'
import { MEANINGS_OF_ALL_CRMS } from '../../src/crm/registry.js'
import { DECISIONS, PAUSES } from '../../src/domain/transitions.js'

const { setupPauses, setupActions } = MEANINGS_OF_ALL_CRMS

/** Codes of pauses: those of every CRM, then each CRM's own. */
export const PAUSE_CODES = Object.keys({ ...PAUSES, ...setupPauses })

/** Support's decisions: those of every CRM, then each CRM's own. */
export const SETUP_ACTIONS = Object.keys({ ...DECISIONS, ...setupActions })

/** A pause with this code in the form that set-up stores. */
export function pauseWith(code: string): SetupPause {
  return withMeaning({ code, message: '', choices: [], seen: {} }, MEANINGS_OF_ALL_CRMS)
}
