import { AppError } from '../contracts/app-error.js'
import type { CrmDriver } from '../crm/crm.js'
import type { ConnectionFile, ConnectionSettings } from './connection-file.js'
import { connectionSettingsSchema } from './connection-settings.js'
import { describeOpenly } from './describe-value.js'
import type { Variables } from './environment-sections.js'
import { parseJsonObject } from './parse-json-object.js'
import { throwProblems, type Problem } from './problems.js'
import { readPublicApiKey } from './read-public-api-key.js'
import { readSection } from './read-section.js'
import { withoutPath, type JsonRecord } from './record-paths.js'
import { problemsOfZod } from './zod-problems.js'

/** What a file is checked against. */
export interface ConnectionFileOptions {
  /** The CRMs that this release connects to. */
  readonly drivers: readonly CrmDriver[]
  /** Where `{"env":"NAME"}` is looked up. */
  readonly env: Variables
  readonly allowLoopbackHttp: boolean
}

/** Sections of every CRM that a file may name; passed over where the CRM itself is not known. */
const SECTIONS = ['dynamics', 'superoffice']

/**
 * Parses a connection file that connects; `"crm":"none"` is readDisablingFile's. Everything wrong is told at once, the
 * most telling first.
 *
 * @param fileName for messages only.
 * @throws AppError `file_not_json`; ProblemsError with any of `crm_not_supported`, `unknown_key`,
 *   `value_missing`, `value_invalid`, `secret_missing`, `http_not_allowed`. None is retryable.
 */
export function parseConnectionFile(
  text: string,
  fileName: string,
  options: ConnectionFileOptions,
): ConnectionFile {
  const file = parseJsonObject(text, fileName)
  refuseUnsupported(file, options.drivers)
  const driver = options.drivers.find(({ crm }) => crm === file['crm'])
  const apart = ['emarketeer', ...(driver === undefined ? SECTIONS : [driver.configSection])]
  const settings = apart.reduce<JsonRecord>(withoutPath, file)
  const parsed = connectionSettingsSchema.safeParse(settings)
  const publicApiKey = readPublicApiKey(file['emarketeer'], file['createMissing'], options.env)
  const reading = driver && readSection(driver, file[driver.configSection], options)
  throwProblems([
    ...(parsed.success ? [] : problemsOfZod(parsed.error, settings, (_, v) => describeOpenly(v))),
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

/** Told alone: what else is in such a file cannot be judged. */
function refuseUnsupported(file: JsonRecord, drivers: readonly CrmDriver[]): void {
  const crm = file['crm']
  const known = connectionSettingsSchema.shape.crm.safeParse(crm)
  if (known.success && !drivers.some((driver) => driver.crm === known.data)) {
    const supported = drivers.map((driver) => driver.crm).join(', ')
    throwProblems([
      {
        code: 'crm_not_supported',
        message: `This release does not connect to ${known.data}, only to ${supported}.`,
        path: 'crm',
        value: describeOpenly(crm),
      },
    ])
  }
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
