import { readEnvironment } from '../config/environment/environment.js'
import { openDatabaseConnection, openTemporalConnection } from '../config/open-connections.js'
import { readTemporalProfile } from '../config/temporal/temporal-profile.js'
import { logger } from '../telemetry/logger.js'

/**
 * Logs which of the process's connections others may read. No refusal: a private network or a mesh may do what TLS does, and
 * nothing here can tell.
 */
export function warnOfOpenConnections(): void {
  const { database } = readEnvironment(['database'])
  const log = logger('config')
  for (const open of [
    openDatabaseConnection(database.url.reveal()),
    openTemporalConnection(readTemporalProfile()),
  ]) {
    if (open !== null) {
      log.warn({ path: open.path }, open.message)
    }
  }
}
