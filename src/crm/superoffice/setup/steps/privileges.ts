import type { StepVerdict } from '../../../crm.js'
import { checkStep } from '../../../own-step.js'
import type { SuperOfficeCrm } from '../../session.js'
import { usedByOthers } from '../dedicated-user.js'
import { SYSTEM_USER } from '../../principal.js'
import { privilegeMissing } from '../pauses.js'
import { isDispensable, unreadableColumns } from '../readable-columns.js'

/**
 * Reports early, and in one pause, what our user may not do, and whether others use it. What the API does not report
 * shows at the first write (docs/setup-superoffice.md).
 */
export const privilegesStep = checkStep<SuperOfficeCrm>({
  id: 'privileges',
  title: 'Check what our user may do',
  weight: 4,
  without: 'a privilege that is lacking shows at a later step',
  async verify(crm, context): Promise<StepVerdict> {
    const { archive } = crm.installation
    const unreadable = await unreadableColumns(archive, context)
    if (!unreadable.every(isDispensable)) {
      const missing = unreadable.map((column) => `read ${column}`)
      return { state: 'paused', pause: privilegeMissing(missing, {}) }
    }
    const principal = await crm.installation.principal(context)
    const { functionRights, userType } = principal
    const lacking = functionRights.length > 0 && !functionRights.some(concernsConsent)
    if (lacking && userType !== SYSTEM_USER) {
      const missing = ['update consent for contacts (functional right)']
      const seen = { functionRights: [...functionRights].sort() }
      return { state: 'paused', pause: privilegeMissing(missing, seen, true) }
    }
    const pause = await usedByOthers(crm, principal, context)
    if (pause !== null) {
      return { state: 'paused', pause }
    }
    const notes = [
      ...(unreadable.length > 0 ? [`Not in this installation: ${unreadable.join(', ')}.`] : []),
      ...(functionRights.length === 0 ? [RIGHTS_UNKNOWN] : lacking ? [RIGHT_UNNAMED] : []),
    ]
    return notes.length === 0 ? { state: 'done' } : { state: 'done', note: notes.join(' ') }
  },
})

const RIGHTS_UNKNOWN =
  'SuperOffice lists no functional rights of our user; whether it may update consent shows at the first write.'

/** Functional rights do not limit a system user, so this is not a reason to pause. */
const RIGHT_UNNAMED =
  'None of the functional rights that SuperOffice lists of our system user names consents; whether it may update them shows ' +
  'at the first write.'

/**
 * The name of the right in the API is not documented, only its name in the user interface: "Can update consent for
 * contact". So any right whose name may mean it counts, and so does that of general administrators, which includes all
 * rights. A false pass shows at the first write; a false pause would stop every customer.
 */
function concernsConsent(right: string): boolean {
  return /consent|privacy|gdpr|legal|^admin-all$/i.test(right)
}
