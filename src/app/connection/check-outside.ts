import type { ConnectionFile } from '../../config/connection/connection-file.js'
import { resolveStoredConfig, type StoredConfig } from '../../config/connection/stored-config.js'
import { AppError } from '../../contracts/app-error.js'
import type { CrmDriver, CrmFacts } from '../../crm/crm.js'
import type { CallContext } from '../../http/call-context.js'
import { UpstreamError } from '../../http/index.js'
import { refusalReason } from '../../connection/refusal-words.js'
import { toAppError } from '../../connection/to-app-error.js'
import type { ComposedSystems } from '../../workers/compose-systems.js'

/** What is asked of both systems is one small request each. */
const TIMEOUT_MS = 30_000

/** A connection as it would be stored. */
export interface Candidate {
  readonly file: ConnectionFile
  readonly stored: StoredConfig
  readonly driver: CrmDriver
  /** What an earlier set-up learned; empty for a new connection. */
  readonly facts: CrmFacts
}

/**
 * Asks both systems before anything is stored, so that a wrong account or secret shows at once.
 *
 * @throws AppError `account_not_found`; `crm_auth_failed`, which says what of the credentials is probably wrong;
 *   UpstreamError where a system cannot be reached.
 */
export async function checkOutside(composed: ComposedSystems, candidate: Candidate): Promise<void> {
  await checkBoth(composed, candidate).catch((error: unknown) => {
    throw inTime(error)
  })
}

/** Nobody but our own time limit cancels these: the system did not answer. */
function inTime(error: unknown): unknown {
  return error instanceof UpstreamError && error.code === 'upstream_cancelled'
    ? new AppError(
        error.system === 'emarketeer' ? 'emarketeer_unreachable' : 'crm_unreachable',
        `${error.operation} had no answer within ${TIMEOUT_MS / 1_000} s.`,
        { cause: error },
      )
    : error
}

async function checkBoth(composed: ComposedSystems, candidate: Candidate): Promise<void> {
  const { file, stored, driver, facts } = candidate
  const context: CallContext = { signal: AbortSignal.timeout(TIMEOUT_MS) }
  await checkAccount(composed, file.accountId, context)
  const { crmConfig } = resolveStoredConfig(stored, { env: process.env, vault: composed.vault })
  const session = driver.open(crmConfig, {
    connectionId: file.connectionId,
    facts,
    allowLoopbackHttp: composed.allowLoopbackHttp,
  })
  await session.check(context).catch((error: unknown) => {
    if (error instanceof UpstreamError && error.code === 'upstream_auth_failed') {
      const { code, value } = toAppError(error)
      const location = { path: driver.configSection, value, cause: error }
      throw new AppError(code, refusalReason(driver, error), location)
    }
    throw error
  })
}

async function checkAccount(
  { systems }: ComposedSystems,
  accountId: string,
  context: CallContext,
): Promise<void> {
  try {
    await systems.emarketeerOf(accountId).account(context)
  } catch (error) {
    if (error instanceof UpstreamError && error.code === 'upstream_not_found') {
      throw new AppError('account_not_found', `eMarketeer has no account ${accountId}.`, {
        path: 'accountId',
        value: accountId,
      })
    }
    throw error
  }
}
