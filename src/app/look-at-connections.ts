import { readEnvironment } from '../config/environment/environment.js'
import { createSecretsVault, type SecretsVault } from '../config/secrets/secrets-vault.js'
import { lookAtStoredSecrets, type SecretLook } from '../config/connection/stored-config.js'
import type { TemporalClient } from '../config/temporal/temporal.js'
import { describeSecret } from '../config/environment/variable.js'
import { AppError } from '../contracts/app-error.js'
import { toAppError } from '../connection/to-app-error.js'
import { createEmarketeerClient } from '../emarketeer/index.js'
import { UpstreamError } from '../http/index.js'
import type { ConnectionRow } from '../ledger/connection/connections.js'
import { setUpNotRunning, setUpRuns } from './setup/look-at-setup.js'
import { ProblemsError } from '../contracts/problems.js'
import { toKnownError } from './known-error.js'

/** One small request. */
const ANSWERS_WITHIN_MS = 15_000
/** Asked for if there is no connection yet: that it is unknown proves that eMarketeer answers and takes the key. */
const NOBODYS_ACCOUNT = '0'

/**
 * Asks eMarketeer for the account of each connection, or for one that is not there, as a worker would.
 * @throws ProblemsError where the environment lacks something.
 */
export async function lookAtEmarketeer(
  connections: readonly ConnectionRow[],
): Promise<readonly Finding[]> {
  const { emarketeer } = readEnvironment(['emarketeer'])
  const { syncUrl } = emarketeer
  const accounts = new Set(connections.map(({ accountId }) => accountId))
  const findings: Finding[] = []
  for (const accountId of accounts.size === 0 ? [NOBODYS_ACCOUNT] : accounts) {
    const client = createEmarketeerClient({
      syncUrl,
      apiKey: emarketeer.apiKey.reveal(),
      accountId,
    })
    try {
      await client.account({ signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) })
    } catch (error) {
      const failure = failureOf(error, accountId)
      if (failure !== null) {
        findings.push(fault('emarketeer', failure))
      }
      if (failure !== null && failure.code !== 'account_not_found') {
        // It would be the same for every account.
        return findings
      }
    } finally {
      client.close()
    }
  }
  const answers = ok('emarketeer', `eMarketeer answers at ${syncUrl}, and accepts the key.`)
  return [answers, ...findings, ...lookAtCreating(connections, emarketeer.connectUrl)]
}

/** @returns null where nothing is wrong: nobody has that account. */
function failureOf(error: unknown, accountId: string): AppError | null {
  if (error instanceof UpstreamError && error.code === 'upstream_not_found') {
    const message = `eMarketeer has no account ${accountId}, which a connection names.`
    return accountId === NOBODYS_ACCOUNT ? null : new AppError('account_not_found', message)
  }
  return error instanceof UpstreamError && error.code === 'upstream_cancelled'
    ? new AppError(
        'emarketeer_unreachable',
        `eMarketeer did not answer within ${ANSWERS_WITHIN_MS / 1_000} s.`,
      )
    : toAppError(error)
}

function lookAtCreating(
  connections: readonly ConnectionRow[],
  connectUrl: string | null,
): readonly Finding[] {
  const creates = connections.filter(({ createMissing }) => createMissing === 'emarketeer')
  const [first] = creates
  return first === undefined || connectUrl !== null
    ? []
    : [
        fault(
          'emarketeer',
          new AppError(
            'environment_invalid',
            `EMARKETEER_CONNECT_URL is not set; ${first.connectionId} creates contacts in eMarketeer.`,
          ),
        ),
      ]
}

/**
 * Whether each connection's secrets are there and open in this environment, described by length and ends.
 * @throws ProblemsError where the environment lacks something.
 */
export async function lookAtSecrets(
  connections: readonly ConnectionRow[],
): Promise<readonly Finding[]> {
  const { secrets } = readEnvironment(['secrets'])
  const vault = createSecretsVault(secrets.vaultKeys)
  return connections.flatMap(({ connectionId, config }) =>
    secretsOf(config, vault).map(({ path, variable, found }) => {
      if (found instanceof AppError) {
        const { code, message } = found
        return fault('connections', new AppError(code, `${connectionId}: ${message}`))
      }
      const value = found.reveal().trim()
      const where = `${path}${variable === null ? '' : ` (${variable})`}`
      const has = `${connectionId}: ${where} has ${describeSecret(value)}`
      return value === found.reveal()
        ? ok('connections', `${has}.`)
        : warning('connections', `${has}, and white space around it, which is removed.`)
    }),
  )
}

/** One whose stored settings cannot be read hides no other's. */
function secretsOf(config: unknown, vault: SecretsVault): readonly SecretLook[] {
  try {
    return lookAtStoredSecrets(config, { env: process.env, vault })
  } catch (error) {
    return [{ path: 'config', variable: null, found: toAppError(error) }]
  }
}

/** Whether those that are being set up are. @throws the errors of Temporal's client. */
export async function lookAtSetUps(
  temporal: TemporalClient,
  connections: readonly ConnectionRow[],
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const { connectionId, state } of connections) {
    if (state === 'settingUp' && !(await setUpRuns(temporal, connectionId))) {
      const { message, kind } = setUpNotRunning(connectionId)
      findings.push(warning('connections', message, kind.hint))
    }
  }
  return findings
}

/** One thing that `lbsync doctor` looked at. */
export interface Finding {
  /** What was looked at: `database`, `temporal`, … */
  readonly about: string
  /** `warning`: works, but should not stay so. */
  readonly outcome: 'ok' | 'warning' | 'fault'
  readonly message: string
  /** Of the catalogue; null unless it is a fault. */
  readonly code: string | null
  /** What to do; null where nothing is. */
  readonly hint: string | null
}

/** It is as it should be. */
export const ok = (about: string, message: string): Finding => ({
  about,
  outcome: 'ok',
  message,
  code: null,
  hint: null,
})

/** It works, but should not stay so. */
export const warning = (about: string, message: string, hint: string | null = null): Finding => ({
  about,
  outcome: 'warning',
  message,
  code: null,
  hint,
})

/** It keeps a process from working. */
export const fault = (about: string, error: AppError): Finding => ({
  about,
  outcome: 'fault',
  message: error.message,
  code: error.code,
  hint: error.kind.hint,
})

/** Looks, and makes a finding of whatever is thrown; what the environment lacks has findings of its own. */
export async function tell(
  about: string,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await look()
  } catch (error) {
    return error instanceof ProblemsError ? [] : [fault(about, toKnownError(error))]
  }
}
