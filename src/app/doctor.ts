import { askGateway } from '../activities/setup/ask-gateway.js'
import { readEnvironment } from '../config/environment/environment.js'
import type { EnvironmentSection } from '../config/environment/sections.js'
import { openDatabaseConnection, openTemporalConnection } from '../config/open-connections.js'
import { connectTemporal, type TemporalClient } from '../config/temporal/temporal.js'
import { readTemporalProfile } from '../config/temporal/temporal-profile.js'
import { describeSecret, variableOf } from '../config/environment/variable.js'
import { AppError } from '../contracts/app-error.js'
import { ERROR_CATALOGUE } from '../contracts/error-catalogue.js'
import { QUEUES } from '../contracts/names.js'
import { ProblemsError } from '../contracts/problems.js'
import { temporalFailureOf } from '../contracts/temporal-failure.js'
import { listConnections, type ConnectionRow } from '../ledger/connection/connections.js'
import { openDatabase, type Database } from '../ledger/db/database.js'
import { lookAtSchema } from '../ledger/db/look-at-schema.js'
import { readDeployment, servedQueues, UNVERSIONED } from '../workers/deployment.js'
import { lookAtSearchAttributes } from '../workers/search-attributes.js'
import { toKnownError } from './known-error.js'
import {
  fault,
  ok,
  findingsOf,
  warning,
  type Finding,
  lookAtEmarketeer,
  lookAtSecrets,
  lookAtSetUps,
} from './look-at-connections.js'

/** Support needs last week's runs, and the namespace must not drop a pre-send's shards while the pre-send runs. */
const MIN_RETENTION_DAYS = 7
const SECONDS_A_DAY = 86_400

/** Checks everything that this process needs, and changes nothing. What it finds is returned, never thrown. */
export async function lookAtEverything(): Promise<readonly Finding[]> {
  const ledger = lookAtLedger()
  const connections = async () => (await ledger).connections
  const parts = await Promise.all([
    ledger.then(({ findings }) => findings),
    findingsOf('temporal', () => lookAtTemporal(connections)),
    findingsOf('emarketeer', async () => lookAtEmarketeer(await connections())),
    findingsOf('connections', async () => lookAtSecrets(await connections())),
    findingsOf('publicUrl', lookAtPublicUrl),
  ])
  return [...lookAtEnvironment(), ...parts.flat()]
}

const SECTIONS: readonly EnvironmentSection[] = ['database', 'emarketeer', 'gateway', 'secrets']
/** Keys that are described by length and ends, which show a quotation mark or a truncation. */
const KEYS = ['EMARKETEER_API_KEY', 'SECRETS_KEY', 'GATEWAY_API_KEY', 'TEMPORAL_API_KEY'] as const

function lookAtEnvironment(): readonly Finding[] {
  const faults = faultsOfEnvironment()
  const keys = KEYS.flatMap((name) => {
    const value = variableOf(process.env, name)
    return value === undefined ? [] : [ok('environment', `${name} has ${describeSecret(value)}.`)]
  })
  const blanks = Object.entries(process.env)
    .filter(([name, value]) => OURS.test(name) && value !== value?.trim())
    .map(([name]) => warning('environment', `${name} has white space around it, which is removed.`))
  return [...faults, ...blanks, ...keys]
}

const OURS = /^(?:DATABASE_URL|EMARKETEER_\w+|GATEWAY_\w+|SECRETS_KEY|PUBLIC_URL|TEMPORAL_\w+)$/

function faultsOfEnvironment(): readonly Finding[] {
  try {
    readEnvironment(SECTIONS)
    return []
  } catch (error) {
    const known = toKnownError(error)
    const problems = error instanceof ProblemsError ? error.problems : [known]
    return problems.map(({ message, code }) => ({
      ...fault('environment', known),
      code,
      message,
    }))
  }
}

/** Checks the database and reads the connections that are not disabled; none if it cannot be read. */
async function lookAtLedger(): Promise<{
  readonly findings: readonly Finding[]
  readonly connections: readonly ConnectionRow[]
}> {
  let connections: readonly ConnectionRow[] = []
  const findings = await findingsOf('database', async () => {
    const { database } = readEnvironment(['database'])
    const url = database.url.reveal()
    const open = openDatabaseConnection(url)
    const plain = open === null ? [] : [warning('database', open.message)]
    const db = openDatabase(url, { maxConnections: 1 })
    try {
      const found = await findingsOf('database', () => lookWithin(db))
      if (found.every(({ outcome }) => outcome !== 'fault')) {
        connections = await listConnections(db)
      }
      return [...plain, ...found]
    } finally {
      await db.close()
    }
  })
  return { findings, connections: connections.filter(({ state }) => state !== 'disabled') }
}

async function lookWithin(db: Database): Promise<readonly Finding[]> {
  const { server, login, newest, missing, unguarded } = await lookAtSchema(db)
  return [
    ok(
      'database',
      `PostgreSQL ${server} answers; the login ${login} can add evidence and not change it.`,
    ),
    missing.length === 0
      ? ok('database', `The schema is at ${newest}.`)
      : warning('database', `The schema lacks ${missing.join(', ')}.`, 'Run `lbsync migrate`.'),
    ...unguarded.map((table) =>
      warning(
        'database',
        `The trigger that keeps ${table} from being changed is disabled or missing.`,
        ERROR_CATALOGUE.evidence_unguarded.hint,
      ),
    ),
  ]
}

async function lookAtTemporal(
  connections: () => Promise<readonly ConnectionRow[]>,
): Promise<readonly Finding[]> {
  const profile = readTemporalProfile()
  const open = openTemporalConnection(profile)
  const plain = open === null ? [] : [warning('temporal', open.message)]
  const temporal = await connectTemporal()
  try {
    // If the namespace cannot be read, neither can what is in it: one finding is enough.
    const namespace = await lookAtNamespace(temporal)
    const within = await Promise.all([
      findingsOf('temporal', () => lookAtAttributes(temporal)),
      findingsOf('temporal', () => lookAtReleases(temporal)),
      findingsOf('connections', async () => lookAtSetUps(temporal, await connections())),
    ])
    return [...plain, ...namespace, ...within.flat()]
  } finally {
    await temporal.connection.close()
  }
}

async function lookAtNamespace(temporal: TemporalClient): Promise<readonly Finding[]> {
  const { client, address, namespace } = temporal
  const { config } = await client.workflowService
    .describeNamespace({ namespace })
    .catch((error: unknown) => {
      throw temporalFailureOf(error, { address, namespace }) ?? error
    })
  const days = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / SECONDS_A_DAY
  const answers = ok('temporal', `Temporal answers at ${address}, namespace ${namespace}.`)
  return days === 0 || days >= MIN_RETENTION_DAYS
    ? [answers]
    : [
        answers,
        warning(
          'temporal',
          `The namespace keeps ended workflows for ${Math.round(days * 10) / 10} days.`,
          `temporal operator namespace update -n ${namespace} --retention ${MIN_RETENTION_DAYS}d`,
        ),
      ]
}

async function lookAtAttributes(temporal: TemporalClient): Promise<readonly Finding[]> {
  const { missing } = await lookAtSearchAttributes(temporal.connection, temporal.namespace)
  if (missing === null) {
    return [
      warning(
        'temporal',
        'The server does not report its search attributes.',
        'See docs/temporal-cli.md#a-server.',
      ),
    ]
  }
  return missing.length === 0
    ? [ok('temporal', 'All search attributes are there, of type Keyword.')]
    : [
        warning(
          'temporal',
          `Search attributes are missing: ${missing.join(', ')}. A worker registers them when it starts.`,
          `temporal operator search-attribute create --type Keyword ${missing.map((name) => `--name ${name}`).join(' ')}`,
        ),
      ]
}

/** Checks which build of the workers gets the work, and whether its workers serve every queue. */
async function lookAtReleases(temporal: TemporalClient): Promise<readonly Finding[]> {
  const deployment = await readDeployment(temporal).catch((error: unknown) => {
    if (error instanceof AppError && error.code.startsWith('releases_')) {
      return error
    }
    throw error
  })
  if (deployment instanceof AppError) {
    const { message, kind } = deployment
    return [warning('temporal', `${message} Workers have no version.`, kind.hint)]
  }
  if (deployment === null) {
    return [ok('temporal', 'No worker of a build has been seen in the namespace yet.')]
  }
  const { current } = deployment
  const name = current === UNVERSIONED ? 'workers without a version' : `build ${current}`
  const served = await servedQueues(temporal)
  const lacking = Object.values(QUEUES).filter((queue) => !served.get(current)?.has(queue))
  return lacking.length === 0
    ? [ok('temporal', `The work goes to ${name}, which serves every queue.`)]
    : [
        warning(
          'temporal',
          `The work goes to ${name}, which does not serve ${lacking.join(', ')}; tasks there wait.`,
          'Start workers of it, or give the work to a build that `lbsync release show` names: `lbsync release use` with its image.',
        ),
      ]
}

async function lookAtPublicUrl(): Promise<readonly Finding[]> {
  const { gateway } = readEnvironment(['gateway'])
  const wrong = await askGateway(gateway.publicUrl, undefined)
  return [
    wrong === null
      ? ok('publicUrl', 'The gateway answers at PUBLIC_URL.')
      : warning(
          'publicUrl',
          `Our gateway does not answer at PUBLIC_URL: ${wrong}.`,
          'See docs/gateway.md.',
        ),
  ]
}
