import type { StepVerdict } from '../../../crm.js'
import { checkStep, SETUP_READ } from '../../../own-step.js'
import type { SuperOfficeCrm } from '../../session.js'
import { SYSTEM_USER, type Principal } from '../../principal.js'
import { privilegeMissing, userNotDedicated } from '../pauses.js'
import type { SetupPause } from '../../../../contracts/setup.js'
import type { CallContext } from '../../../../http/index.js'
import { isQueryRefused, type Archive } from '../../archive/archive.js'
import { DEFAULT_SOURCE_KEY } from '../../facts.js'
import { CONSENT_ID, CONSENT_COLUMNS, CONSENT_MAY_LACK } from '../../reading/consent-row.js'
import { EMAIL_COLUMNS, EMAIL_MAY_LACK, PERSON } from '../../reading/person.js'

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

/** The most rows that are counted; the pause needs no more. */
const MOST_ROWS = 50

/**
 * Whether somebody else uses our user. A system user is ours by definition. Any other user is judged only by its
 * traces: consents that it wrote last under another source than ours, including the default consents of persons whom it
 * created. A user without such traces may still be a colleague's; the API cannot show that.
 * @returns the pause; null if nobody else is known to use it. @throws UpstreamError, AppError
 */
async function usedByOthers(
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
      name: SETUP_READ,
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

/** The columns that the sync reads of persons and consents. Each entry belongs to one table. */
const READINGS = [
  { key: CONSENT_ID, columns: CONSENT_COLUMNS },
  { key: PERSON, columns: EMAIL_COLUMNS },
]

/**
 * Columns of the archive `dynamic` that our user may not read, or that this version does not have. The server then
 * refuses the entire query, so each column is tried separately. Without `updatedCount` nothing can ever be written.
 * @throws UpstreamError 403 if the archive itself may not be read; AppError
 */
async function unreadableColumns(
  archive: Archive,
  context: CallContext,
): Promise<readonly string[]> {
  const missing: string[] = []
  for (const { key, columns } of READINGS) {
    if (!(await canRead(archive, key, columns, context))) {
      for (const column of columns) {
        if (!(await canRead(archive, key, [column], context))) {
          missing.push(column)
        }
      }
    }
  }
  return missing
}

async function canRead(
  archive: Archive,
  key: string,
  columns: readonly string[],
  context: CallContext,
): Promise<boolean> {
  const query = {
    provider: 'dynamic',
    select: [...new Set([key, ...columns])],
    filter: `${key} gt 0`,
    orderBy: key,
    top: 1,
    name: SETUP_READ,
  }
  try {
    await archive.page(query, context)
    return true
  } catch (error) {
    if (await isQueryRefused(archive, query, error, context)) {
      return false
    }
    throw error
  }
}

/**
 * Whether the sync works without a column, with less certainty. It can also read without the version, but then every
 * consent is unknown, so that nothing is written and nobody receives mail.
 */
function isDispensable(column: string): boolean {
  const isVersion = column === 'consentperson.updatedCount'
  return !isVersion && [...CONSENT_MAY_LACK, ...EMAIL_MAY_LACK].includes(column)
}
