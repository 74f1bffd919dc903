import type { CallContext } from '../../../http/index.js'
import { type Archive, isQueryRefused } from '../archive/archive.js'
import { CONSENT_COLUMNS, CONSENT_ID, CONSENT_MAY_LACK } from '../reading/consent-row.js'
import { EMAIL_COLUMNS, EMAIL_MAY_LACK, PERSON } from '../reading/person.js'

/** What reading persons and their consents takes: columns, all of one table's. */
const READINGS = [
  { key: CONSENT_ID, columns: CONSENT_COLUMNS },
  { key: PERSON, columns: EMAIL_COLUMNS },
]

/**
 * Columns of archive `dynamic` that our user may not see, or this version does not have: the server answers 400 to the
 * whole query then, so that each is tried alone. Without `updatedCount` nothing could ever be written.
 *
 * @throws UpstreamError 403 where not even the archive may be read; AppError
 */
export async function unreadableColumns(
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
    name: 'setup.look',
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
 * Whether the sync works without a column, if less certainly. It reads without the version too, but then every consent
 * is unknown, so that nothing is written and nobody sent to.
 */
export function isDispensable(column: string): boolean {
  const isVersion = column === 'consentperson.updatedCount'
  return !isVersion && [...CONSENT_MAY_LACK, ...EMAIL_MAY_LACK].includes(column)
}
