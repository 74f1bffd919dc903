import { z } from 'zod'
import type { CrmDriver } from '../../crm/crm.js'
import {
  checkUrl,
  describeUrl,
  isLoopback,
  type UrlFault,
  isAllowedHost,
} from '../../http/check-url.js'
import type { SecretSource } from './connection-file.js'
import { type Problem, describeShape } from '../../contracts/problems.js'
import { getPath, isRecord, withoutPath, withPath, type JsonRecord } from './json-object.js'
import { readSecretSource, type SecretReadingOptions } from './secret-source.js'
import { problemsOfZod } from './zod-problems.js'

/** A checked section of a CRM: its secrets are taken out and listed by their path in the file. */
export interface SectionReading {
  readonly section: JsonRecord
  readonly secrets: Readonly<Record<string, SecretSource>>
  readonly problems: readonly Problem[]
}

/** Which addresses a file may hold. */
export interface HostOptions {
  readonly allowLoopbackHttp: boolean
  /** Hosts that the operator allows besides the CRM's known hosts. Absent: none. */
  readonly allowedHosts?: readonly string[]
}

/** Replaces a secret that could not be read, so that the rest of the section is still checked. */
const PLACEHOLDER = 'x'.repeat(64)

/**
 * Checks a CRM's section with its driver: first the secrets, then the driver's schema with the secrets in place, then
 * the addresses. Problems have paths from the file's root.
 */
export function readSection(
  driver: CrmDriver,
  given: unknown,
  options: SecretReadingOptions & HostOptions,
): SectionReading {
  const root = driver.configSection
  if (given === undefined) {
    const problem = missing(root, `${root} is missing: the section that describes the CRM.`)
    return { section: {}, secrets: {}, problems: [problem] }
  }
  const secrets: Record<string, SecretSource> = {}
  const problems: Problem[] = []
  // An absent or empty secret is left out: the schema decides whether it is required.
  let filled = isRecord(given) ? given : {}
  for (const path of driver.secretPaths) {
    const value = getPath(filled, path)
    if (value === undefined || value === '') {
      filled = withoutPath(filled, path)
      continue
    }
    const reading = readSecretSource(value, `${root}.${path}`, options)
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
  problems.push(...problemsOfUrls(driver, filled, options))
  const section = driver.secretPaths.reduce<JsonRecord>(
    withoutPath,
    isRecord(parsed.data) ? parsed.data : {},
  )
  return { section, secrets, problems: onePerPath(problems) }
}

function problemsOfSection(
  driver: CrmDriver,
  error: z.ZodError,
  wrapped: JsonRecord,
): readonly Problem[] {
  const root = driver.configSection
  const isSecret = (path: string) => driver.secretPaths.some((one) => path === `${root}.${one}`)
  const isUrl = (path: string) =>
    Object.keys(driver.knownHosts).some((one) => path === `${root}.${one}`)
  const prefixed = { issues: error.issues.map((i) => ({ ...i, path: [root, ...i.path] })) }
  const schema = z.object({ [root]: driver.configSchema })
  return problemsOfZod(prefixed, wrapped, schema, (path, value) =>
    isSecret(path) ? '***' : isUrl(path) ? describeUrl(value) : describeShape(value),
  )
}

function problemsOfUrls(
  driver: CrmDriver,
  section: JsonRecord,
  { allowLoopbackHttp, allowedHosts = [] }: HostOptions,
): readonly Problem[] {
  return Object.entries(driver.knownHosts).flatMap(([urlPath, known]) => {
    const given = getPath(section, urlPath)
    const path = `${driver.configSection}.${urlPath}`
    if (typeof given !== 'string') {
      return []
    }
    const hosts = { byOperator: allowedHosts, loopback: allowLoopbackHttp }
    const fault =
      checkUrl(given, allowLoopbackHttp) ??
      (isAllowedHost(given, known, hosts) ? null : strangeHost(known))
    if (fault === null) {
      return []
    }
    return {
      code: fault.kind === 'http' ? 'http_not_allowed' : 'value_invalid',
      message: `${path} ${fault.message}.`,
      path,
      value: describeUrl(given),
    }
  })
}

/**
 * Whether all addresses of a section are on this machine (a trial): then no secret that it names leaves the machine.
 */
export function staysHere(
  driver: CrmDriver,
  section: unknown,
  { allowLoopbackHttp }: HostOptions,
): boolean {
  const addresses = Object.keys(driver.knownHosts).map((path) =>
    isRecord(section) ? getPath(section, path) : undefined,
  )
  const isHere = (address: unknown) =>
    typeof address === 'string' && URL.canParse(address) && isLoopback(new URL(address))
  return allowLoopbackHttp && addresses.length > 0 && addresses.every(isHere)
}

/** Refuses a host that is neither known nor allowed: secrets and personal data go to the host that a file names. */
function strangeHost(known: readonly string[]): UrlFault {
  const where =
    known.length === 0 ? 'must be a host that' : `must be at ${known.join(', ')}, or where`
  return { kind: 'invalid', message: `${where} the operator allows in CONNECTION_HOSTS` }
}

/**
 * Keeps one problem per path. Ours wins over the schema's if both object to one address, because its code is more
 * specific.
 */
function onePerPath(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [problem.path, problem])).values()]
}

function missing(path: string, message: string): Problem {
  return { code: 'value_missing', message, path, value: null }
}
