import { z } from 'zod'
import type { CrmDriver } from '../crm/crm.js'
import { checkUrl, describeUrl } from './check-url.js'
import type { SecretSource } from './connection-file.js'
import { describeShape } from '../contracts/describe-shape.js'
import type { Variables } from './environment-sections.js'
import type { Problem } from '../contracts/problems.js'
import { getPath, isRecord, withoutPath, withPath, type JsonRecord } from './record-paths.js'
import { readSecretSource } from './secret-source.js'
import { problemsOfZod } from './zod-problems.js'

/** A CRM's section, checked: its secrets taken out and listed by their path in the file. */
export interface SectionReading {
  readonly section: JsonRecord
  readonly secrets: Readonly<Record<string, SecretSource>>
  readonly problems: readonly Problem[]
}

/** Fills the place of a secret that could not be read, so that the rest of the section is checked all the same. */
const PLACEHOLDER = 'x'.repeat(64)

/**
 * Checks a CRM's section against its driver: secrets first, then the driver's schema with the secrets in place, then
 * the addresses. Problems carry paths from the file's root.
 */
export function readSection(
  driver: CrmDriver,
  given: unknown,
  options: { readonly env: Variables; readonly allowLoopbackHttp: boolean },
): SectionReading {
  const root = driver.configSection
  if (given === undefined) {
    const problem = missing(root, `${root} is missing: the section that describes the CRM.`)
    return { section: {}, secrets: {}, problems: [problem] }
  }
  const secrets: Record<string, SecretSource> = {}
  const problems: Problem[] = []
  // A secret that is absent, or empty text, stays away: whether it may be is for the schema to say.
  let filled = isRecord(given) ? given : {}
  for (const path of driver.secretPaths) {
    const value = getPath(filled, path)
    if (value === undefined || value === '') {
      filled = withoutPath(filled, path)
      continue
    }
    const reading = readSecretSource(value, `${root}.${path}`, options.env)
    if ('problem' in reading) {
      problems.push(reading.problem)
      filled = withPath(filled, path, PLACEHOLDER)
    } else {
      secrets[`${root}.${path}`] = reading.source
      filled = withPath(filled, path, reading.value)
    }
  }
  const unreadable = new Set(problems.map(({ path }) => path))
  const wrapped = { [root]: isRecord(given) ? filled : given }
  const parsed = driver.configSchema.safeParse(wrapped[root])
  const faults = parsed.success ? [] : problemsOfSection(driver, parsed.error, wrapped)
  problems.push(...faults.filter(({ path }) => !unreadable.has(path)))
  problems.push(...problemsOfUrls(driver, filled, options.allowLoopbackHttp))
  const section = driver.secretPaths.reduce<JsonRecord>(
    withoutPath,
    isRecord(parsed.data) ? parsed.data : {},
  )
  return { section, secrets, problems: onePerPlace(problems) }
}

function problemsOfSection(
  driver: CrmDriver,
  error: z.ZodError,
  wrapped: JsonRecord,
): readonly Problem[] {
  const root = driver.configSection
  const isSecret = (path: string) => driver.secretPaths.some((one) => path === `${root}.${one}`)
  const isUrl = (path: string) => driver.urlPaths.some((one) => path === `${root}.${one}`)
  const prefixed = { issues: error.issues.map((i) => ({ ...i, path: [root, ...i.path] })) }
  const schema = z.object({ [root]: driver.configSchema })
  return problemsOfZod(prefixed, wrapped, schema, (path, value) =>
    isSecret(path) ? '***' : isUrl(path) ? describeUrl(value) : describeShape(value),
  )
}

function problemsOfUrls(
  driver: CrmDriver,
  section: JsonRecord,
  allowLoopbackHttp: boolean,
): readonly Problem[] {
  return driver.urlPaths.flatMap((urlPath) => {
    const given = getPath(section, urlPath)
    const fault = typeof given === 'string' ? checkUrl(given, allowLoopbackHttp) : null
    if (fault === null) {
      return []
    }
    const path = `${driver.configSection}.${urlPath}`
    return {
      code: fault.kind === 'http' ? 'http_not_allowed' : 'value_invalid',
      message: `${path} ${fault.message}.`,
      path,
      value: describeUrl(given),
    }
  })
}

/** Ours over the schema's, where both object to one address: the more telling code is kept. */
function onePerPlace(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [problem.path, problem])).values()]
}

function missing(path: string, message: string): Problem {
  return { code: 'value_missing', message, path, value: null }
}
