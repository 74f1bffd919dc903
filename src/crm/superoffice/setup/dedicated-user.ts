import type { SetupPause } from '../../../contracts/setup.js'
import { type CallContext, UpstreamError } from '../../../http/index.js'
import { DEFAULT_SOURCE_KEY } from '../facts.js'
import { type Principal, SYSTEM_USER } from '../principal.js'
import { CONSENT_ID } from '../reading/consent-row.js'
import type { SuperOfficeSession } from '../session.js'
import { userNotDedicated } from './pauses.js'

/** So many are enough to be shown. */
const MOST_ROWS = 50

/**
 * Whether somebody else works under our user. A system user is ours by nature. Of any other only its traces tell:
 * consents that it wrote last and that do not name our source as theirs, among them the defaults of the persons whom it
 * made. A user that has none may still be a colleague's, as far as the API tells.
 *
 * @returns the pause, or null. @throws UpstreamError, AppError
 */
export async function usedByOthers(
  session: SuperOfficeSession,
  { associateId, userType }: Principal,
  context: CallContext,
): Promise<SetupPause | null> {
  if (userType === SYSTEM_USER) {
    return null
  }
  const seen = { associateId, userType }
  if (session.client.contextIdentifier !== null) {
    const reason = `Online, our user should be a system user, and is ${userType ?? 'of no type told'}.`
    return userNotDedicated({ ...seen, consentsByOthers: null }, reason)
  }
  const rows = await foreignRows(session, associateId, context)
  if (rows === null) {
    const reason =
      'Whether anything else uses our user cannot be told in this version of SuperOffice.'
    return userNotDedicated({ ...seen, consentsByOthers: null }, reason)
  }
  const count = rows === MOST_ROWS ? `${rows} or more` : String(rows)
  const reason = `Our user has recorded consents that are not ours (${count}).`
  return rows === 0 ? null : userNotDedicated({ ...seen, consentsByOthers: count }, reason)
}

/** Rows last written by our user under another source than ours, counted up to a limit; null: not to be had. */
async function foreignRows(
  { installation, facts }: SuperOfficeSession,
  associateId: number,
  context: CallContext,
): Promise<number | null> {
  const sourceKey = facts.sourceKey ?? DEFAULT_SOURCE_KEY
  const own = await installation.lists.item('ConsentSource', sourceKey, context)
  // A row that only was inserted has no one who updated it.
  const byUs =
    `consentperson.updated_associate_id = ${associateId} or ` +
    `(consentperson.registered_associate_id = ${associateId} and consentperson.updated_associate_id = 0)`
  const notOurs =
    own === null || own.id === 0 ? '' : ` and consentperson.consentSource_id ne ${own.id}`
  try {
    const { rows } = await installation.archive.page(
      {
        provider: 'dynamic',
        select: [CONSENT_ID],
        filter: `(${byUs})${notOurs}`,
        orderBy: CONSENT_ID,
        top: MOST_ROWS,
        name: 'setup.look',
      },
      context,
    )
    return rows.length
  } catch (error) {
    if (error instanceof UpstreamError && error.status === 400) {
      return null
    }
    throw error
  }
}
