import type { SetupPause } from '../../../contracts/setup.js'
import type { CallContext } from '../../../http/index.js'
import { isQueryRefused } from '../archive/archive.js'
import { DEFAULT_SOURCE_KEY } from '../facts.js'
import { type Principal, SYSTEM_USER } from '../principal.js'
import { CONSENT_ID } from '../reading/consent-row.js'
import type { SuperOfficeCrm } from '../session.js'
import { userNotDedicated } from './pauses.js'

/** The most rows that are counted; the pause needs no more. */
const MOST_ROWS = 50

/**
 * Whether somebody else uses our user. A system user is ours by definition. Any other user is judged only by its
 * traces: consents that it wrote last under another source than ours, including the default consents of persons whom it
 * created. A user without such traces may still be a colleague's; the API cannot show that.
 * @returns the pause; null if nobody else is known to use it. @throws UpstreamError, AppError
 */
export async function usedByOthers(
  crm: SuperOfficeCrm,
  { associateId, userType }: Principal,
  context: CallContext,
): Promise<SetupPause | null> {
  if (userType === SYSTEM_USER) {
    return null
  }
  const seen = { associateId, userType }
  if (crm.client.contextIdentifier !== null) {
    const reason = `Online, our user should be a system user, and is ${userType ?? 'of an unknown type'}.`
    return userNotDedicated({ ...seen, consentsByOthers: null }, reason)
  }
  const rows = await foreignRows(crm, associateId, context)
  if (rows === null) {
    const reason =
      'Whether anything else uses our user cannot be determined in this version of SuperOffice.'
    return userNotDedicated({ ...seen, consentsByOthers: null }, reason)
  }
  const count = rows === MOST_ROWS ? `${rows} or more` : String(rows)
  const reason = `Our user has recorded consents that are not ours (${count}).`
  return rows === 0 ? null : userNotDedicated({ ...seen, consentsByOthers: count }, reason)
}

/** How a column with an associate is compared: as an integer, or with SuperOffice's restriction type `associate`. */
const EQUALS = [
  (column: string, id: number) => `${column} = ${id}`,
  (column: string, id: number) => `${column} associateIsOneOf (${id})`,
]

/** How many rows our user last wrote under another source than ours, up to a limit; null if this cannot be queried. */
async function foreignRows(
  { installation, facts }: SuperOfficeCrm,
  associateId: number,
  context: CallContext,
): Promise<number | null> {
  const { archive, lists } = installation
  const own = await lists.item('ConsentSource', facts.sourceKey ?? DEFAULT_SOURCE_KEY, context)
  const notOurs =
    own === null || own.id === 0 ? '' : ` and consentperson.consentSource_id ne ${own.id}`
  for (const equals of EQUALS) {
    // A row that was inserted and never updated has no updating associate.
    const byUs =
      `${equals('consentperson.updated_associate_id', associateId)} or ` +
      `(${equals('consentperson.registered_associate_id', associateId)} and ${equals('consentperson.updated_associate_id', 0)})`
    const query = {
      provider: 'dynamic',
      select: [CONSENT_ID],
      filter: `(${byUs})${notOurs}`,
      orderBy: CONSENT_ID,
      top: MOST_ROWS,
      name: 'setup.look',
    }
    try {
      return (await archive.page(query, context)).rows.length
    } catch (error) {
      if (!(await isQueryRefused(archive, query, error, context))) {
        throw error
      }
    }
  }
  return null
}
