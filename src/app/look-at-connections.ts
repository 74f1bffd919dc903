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

/** The limit for one small request. */
const ANSWERS_WITHIN_MS = 15_000
/**
 * The account to request if there is no connection yet. An answer that it is unknown proves that eMarketeer answers and
 * accepts the key.
 */
const NOBODYS_ACCOUNT = '0'

/**
 * Asks eMarketeer, with a worker's settings, for the account of each connection, or for an unknown one if there is
 * none.
 * @throws ProblemsError if the environment lacks something.
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
        // Every other account would have the same error.
        return findings
      }
    } finally {
      client.close()
    }
  }
  const answers = ok('emarketeer', `eMarketeer answers at ${syncUrl}, and accepts the key.`)
  return [answers, ...findings, ...lookAtCreating(connections, emarketeer.connectUrl)]
}

/** The fault in eMarketeer's answer. @returns null if there is none: account `0` does not exist. */
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
 * Checks that each connection's secrets exist and can be decrypted in this environment; describes them by length and
 * ends.
 * @throws ProblemsError if the environment lacks something.
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

/**
 * The secrets of one connection. Unreadable settings are a finding, so that the other connections are still checked.
 */
function secretsOf(config: unknown, vault: SecretsVault): readonly SecretLook[] {
  try {
    return lookAtStoredSecrets(config, { env: process.env, vault })
  } catch (error) {
    return [{ path: 'config', variable: null, found: toAppError(error) }]
  }
}

/** Checks that the set-up of each connection in state `settingUp` runs. @throws the errors of Temporal's client. */
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

/** One finding of `lbsync doctor`. */
export interface Finding {
  /** The subject: `database`, `temporal`, … */
  readonly about: string
  /** `warning`: works, but should be changed. */
  readonly outcome: 'ok' | 'warning' | 'fault'
  readonly message: string
  /** A code of the catalogue; null unless it is a fault. */
  readonly code: string | null
  /** What to do; null if nothing. */
  readonly hint: string | null
}

/** A finding of something in order. */
export const ok = (about: string, message: string): Finding => ({
  about,
  outcome: 'ok',
  message,
  code: null,
  hint: null,
})

/** A finding of something that works but should be changed. */
export const warning = (about: string, message: string, hint: string | null = null): Finding => ({
  about,
  outcome: 'warning',
  message,
  code: null,
  hint,
})

/** A finding of something that keeps a process from working. */
export const fault = (about: string, error: AppError): Finding => ({
  about,
  outcome: 'fault',
  message: error.message,
  code: error.code,
  hint: error.kind.hint,
})

/** Runs a check and turns its error into a finding. Missing environment variables have findings of their own. */
export async function findingsOf(
  about: string,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await look()
  } catch (error) {
    return error instanceof ProblemsError ? [] : [fault(about, toKnownError(error))]
  }
}
