import type { SetupPause } from '../../src/contracts/setup.js'
import { withMeaning } from '../../src/crm/crm.js'
import { CRM_DRIVERS } from '../../src/crm/registry.js'
import { DECISIONS, PAUSES } from '../../src/domain/transitions.js'

const drivers = [...CRM_DRIVERS.values()]

/** Codes of pauses: every CRM's, then each CRM's own. */
export const PAUSE_CODES: readonly string[] = [
  ...new Set([
    ...Object.keys(PAUSES),
    ...drivers.flatMap(({ setupPauses = {} }) => Object.keys(setupPauses)),
  ]),
]

/** What Support may decide: of every CRM, then of each. */
export const SETUP_ACTIONS: readonly string[] = [
  ...new Set([
    ...Object.keys(DECISIONS),
    ...drivers.flatMap(({ setupActions = {} }) => Object.keys(setupActions)),
  ]),
]

/** A pause of this code as set-up has it. */
export function pauseWith(code: string): SetupPause {
  const driver = drivers.find(({ setupPauses = {} }) => Object.hasOwn(setupPauses, code))
  return withMeaning({ code, message: '', choices: [], seen: {} }, driver ?? {})
}
