import { AppError } from '../../contracts/app-error.js'
import { CONNECTION_ID } from '../../contracts/inputs.js'
import type { CrmDriver } from '../../crm/crm.js'
import {
  type ConnectionFile,
  type ConnectionSettings,
  type SecretSource,
  connectionSettingsSchema,
  PUBLIC_API_KEY_PATH,
} from './connection-file.js'
import { describeOpenly, problemsOfZod, dotted } from './zod-problems.js'
import type { Variables } from '../environment/sections.js'
import { parseJsonObject, withoutPath, type JsonRecord, isRecord } from './json-object.js'
import { throwProblems, type Problem, describeShape } from '../../contracts/problems.js'
import { readSection, staysHere } from './read-section.js'
import { readSecretSource, type SecretReadingOptions } from './secret-source.js'
import { z } from 'zod'

/** What a file is checked against. */
export interface ConnectionFileOptions {
  /** The CRMs that this release connects to. */
  readonly drivers: readonly CrmDriver[]
  /** Where `{"env":"NAME"}` is looked up. */
  readonly env: Variables
  readonly allowLoopbackHttp: boolean
  /** Hosts beside those that a CRM is known by, from CONNECTION_HOSTS. Absent: none. */
  readonly allowedHosts?: readonly string[]
}

/**
 * Parses a connection file that connects; {@link readDisablingFile} reads one with `"crm":"none"`. One error lists all
 * faults, the most telling first.
 *
 * @param fileName for messages only.
 * @throws AppError `file_not_json`; ProblemsError with any of `unknown_key`,
 *   `value_missing`, `value_invalid`, `secret_missing`, `http_not_allowed`. None is retryable.
 */
export function parseConnectionFile(
  text: string,
  fileName: string,
  options: ConnectionFileOptions,
): ConnectionFile {
  const file = parseJsonObject(text, fileName)
  const driver = options.drivers.find(({ crm }) => crm === file['crm'])
  // If the CRM itself is not known, its section is passed over, whichever it is.
  const sections = driver ? [driver] : options.drivers
  const apart = ['emarketeer', ...sections.map(({ configSection }) => configSection)]
  const settings = apart.reduce<JsonRecord>(withoutPath, file)
  const parsed = connectionSettingsSchema.safeParse(settings)
  // A file without a usable id is refused for that.
  const { connectionId: id } = file
  const isBound = typeof id === 'string' && CONNECTION_ID.test(id)
  const isHere = driver !== undefined && staysHere(driver, file[driver.configSection], options)
  const reader = { ...options, connectionId: isBound && !isHere ? id : null }
  const publicApiKey = readPublicApiKey(file['emarketeer'], file['createMissing'], reader)
  const reading = driver && readSection(driver, file[driver.configSection], reader)
  throwProblems([
    ...(parsed.success
      ? []
      : problemsOfZod(parsed.error, settings, connectionSettingsSchema, (_, v) =>
          describeOpenly(v),
        )),
    ...unknownCrm(file['crm'], options.drivers),
    ...(driver ? subscriptionsUnsupported(driver, parsed.data) : []),
    ...publicApiKey.problems,
    ...(reading?.problems ?? []),
  ])
  if (!parsed.success || driver === undefined || reading === undefined) {
    throw new AppError('internal', `${fileName} has no problem and yet was not read.`)
  }
  return {
    ...parsed.data,
    sectionName: driver.configSection,
    section: reading.section,
    secrets: { ...reading.secrets, ...publicApiKey.secrets },
  }
}

function unknownCrm(crm: unknown, drivers: readonly CrmDriver[]): readonly Problem[] {
  if (typeof crm !== 'string' || crm === '' || drivers.some((driver) => driver.crm === crm)) {
    return []
  }
  const known = [...drivers.map((driver) => driver.crm), 'none'].join(', ')
  return [
    {
      code: 'value_invalid',
      message: `crm is not valid: must be one of ${known}.`,
      path: 'crm',
      value: describeOpenly(crm),
    },
  ]
}

function subscriptionsUnsupported(
  driver: CrmDriver,
  settings: ConnectionSettings | undefined,
): readonly Problem[] {
  return settings?.subscriptionSync === true && !driver.capabilities.subscriptions
    ? [
        {
          code: 'value_invalid',
          message: `subscriptionSync is not valid: ${driver.crm} keeps no subscriptions.`,
          path: 'subscriptionSync',
          value: 'true',
        },
      ]
    : []
}

/** The section `emarketeer`, read. */
interface PublicApiKeyReading {
  readonly problems: readonly Problem[]
  readonly secrets: Readonly<Record<string, SecretSource>>
}

/** Reads `emarketeer.publicApiKey`: required if, and only if, contacts are to be created in eMarketeer (E7). */
function readPublicApiKey(
  given: unknown,
  createMissing: unknown,
  options: SecretReadingOptions,
): PublicApiKeyReading {
  if (given !== undefined && !isRecord(given)) {
    const message = 'emarketeer is not valid: must be an object.'
    const value = describeShape(given)
    return only([{ code: 'value_invalid', message, path: 'emarketeer', value }])
  }
  const { publicApiKey, ...others } = given ?? {}
  const unknown = Object.keys(others).map((key): Problem => {
    const path = dotted(['emarketeer', key])
    return { code: 'unknown_key', message: `The key ${path} is unknown.`, path, value: null }
  })
  const path = PUBLIC_API_KEY_PATH
  const wanted = createMissing === 'emarketeer'
  if (publicApiKey === undefined && !wanted) {
    return only(unknown)
  }
  if (publicApiKey === undefined) {
    const message = `${path} is missing: createMissing "emarketeer" needs it.`
    return only([...unknown, { code: 'value_missing', message, path, value: null }])
  }
  if (!wanted) {
    const message = `${path} is not valid: it goes with createMissing "emarketeer" only.`
    return only([...unknown, { code: 'value_invalid', message, path, value: '***' }])
  }
  const reading = readSecretSource(publicApiKey, path, options)
  return 'problem' in reading
    ? only([...unknown, reading.problem])
    : { problems: unknown, secrets: { [path]: reading.source } }
}

function only(problems: readonly Problem[]): PublicApiKeyReading {
  return { problems, secrets: {} }
}

/** A connection file with `"crm":"none"`: which connection is to be disabled (C8). */
export interface DisablingFile {
  readonly connectionId: string
  readonly accountId: string
}

const schema = connectionSettingsSchema.extend({
  legalBasisSync: z.boolean('must be true or false').default(false),
})

/**
 * Reads a connection file that disables; null for one that connects.
 *
 * @param fileName for messages only.
 * @param sections of the CRMs, which the file may still hold from when it connected: passed over unread.
 * @throws AppError `file_not_json`; ProblemsError `none_with_sync` (C8), `unknown_key`, `value_missing`, `value_invalid`.
 *   None is retryable.
 */
export function readDisablingFile(
  text: string,
  fileName: string,
  sections: readonly string[],
): DisablingFile | null {
  const file = parseJsonObject(text, fileName)
  if (file['crm'] !== 'none') {
    return null
  }
  const settings = ['emarketeer', ...sections].reduce<JsonRecord>(withoutPath, file)
  const parsed = schema.safeParse(settings)
  throwProblems([
    ...syncProblems(file),
    ...(parsed.success
      ? []
      : problemsOfZod(parsed.error, settings, schema, (_, v) => describeOpenly(v))),
  ])
  const { connectionId, accountId } = schema.parse(settings)
  return { connectionId, accountId }
}

function syncProblems(file: JsonRecord): readonly Problem[] {
  return (['legalBasisSync', 'subscriptionSync'] as const)
    .filter((name) => file[name] === true)
    .map((name) => ({
      code: 'none_with_sync',
      message: `A connection with the CRM "none" cannot sync: set ${name} to false.`,
      path: name,
      value: 'true',
    }))
}
