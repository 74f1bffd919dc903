import { AppError } from '../contracts/app-error.js'
import { isRecord } from '../config/record-paths.js'
import type { CrmDriver } from '../crm/crm.js'
import { findRunningOfCrm, type ConnectionRow } from '../ledger/connection/connections.js'
import type { Queryable } from '../ledger/db/database.js'

/**
 * What set-up installed serves every connection to the same environment (tables have one name only): it is not removed
 * while another one is in use.
 *
 * @throws AppError `environment_shared`, not retryable.
 */
export async function refuseShared(
  db: Queryable,
  connection: ConnectionRow,
  driver: CrmDriver | null,
): Promise<void> {
  const own = environmentOf(connection, driver)
  const others = await findRunningOfCrm(db, connection.crm)
  const other = others.find(
    (one) =>
      one.connectionId !== connection.connectionId &&
      own !== null &&
      environmentOf(one, driver) === own,
  )
  if (other !== undefined) {
    throw new AppError(
      'environment_shared',
      `Connection ${other.connectionId} (${other.state}) uses the same environment, and what is installed there.`,
      { path: 'connectionId', value: connection.connectionId },
    )
  }
}

/** The environment as a text that can be compared; null where the configuration does not tell. */
function environmentOf({ config }: ConnectionRow, driver: CrmDriver | null): string | null {
  const section = config['section']
  if (!isRecord(section)) {
    return null
  }
  const values = (driver?.environmentPaths ?? []).flatMap((name) => {
    const value = section[name]
    return typeof value === 'string' ? [comparable(value)] : []
  })
  return values.length === 0 ? null : values.join(' ')
}

function comparable(value: string): string {
  const address = URL.canParse(value) ? new URL(value) : null
  const text = address === null ? value : `${address.host}${address.pathname}`
  return text.toLowerCase().replace(/\/+$/, '')
}
