import type { CallContext } from '../../../http/index.js'
import { type Archive, isQueryRefused } from '../archive/archive.js'
import { CONSENT_COLUMNS, CONSENT_ID, CONSENT_MAY_LACK } from '../reading/consent-row.js'
import { EMAIL_COLUMNS, EMAIL_MAY_LACK, PERSON } from '../reading/person.js'

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
 * Whether the sync works without a column, with less certainty. It can also read without the version, but then every
 * consent is unknown, so that nothing is written and nobody receives mail.
 */
export function isDispensable(column: string): boolean {
  const isVersion = column === 'consentperson.updatedCount'
  return !isVersion && [...CONSENT_MAY_LACK, ...EMAIL_MAY_LACK].includes(column)
}
