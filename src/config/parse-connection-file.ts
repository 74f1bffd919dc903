import { AppError } from '../contracts/app-error.js'
import { CONNECTION_ID } from '../contracts/inputs.js'
import type { CrmDriver } from '../crm/crm.js'
import type { ConnectionFile, ConnectionSettings } from './connection-file.js'
import { connectionSettingsSchema } from './connection-settings.js'
import { describeOpenly } from './describe-value.js'
import type { Variables } from './environment-sections.js'
import { parseJsonObject } from './parse-json-object.js'
import { throwProblems, type Problem } from '../contracts/problems.js'
import { readPublicApiKey } from './read-public-api-key.js'
import { readSection, staysHere } from './read-section.js'
import { withoutPath, type JsonRecord } from './record-paths.js'
import { problemsOfZod } from './zod-problems.js'

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
 * Parses a connection file that connects; `"crm":"none"` is readDisablingFile's. Everything wrong is told at once, the
 * most telling first.
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
  // Where the CRM itself is not known, its section is passed over, whichever it is.
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
