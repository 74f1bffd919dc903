import { PUBLIC_API_KEY_PATH } from './connection-settings.js'
import type { SecretSource } from './connection-file.js'
import { describeShape } from '../contracts/describe-shape.js'
import type { Problem } from '../contracts/problems.js'
import { isRecord } from './record-paths.js'
import { readSecretSource, type SecretReadingOptions } from './secret-source.js'
import { dotted } from './zod-problems.js'

/** The section `emarketeer`, read. */
export interface PublicApiKeyReading {
  readonly problems: readonly Problem[]
  readonly secrets: Readonly<Record<string, SecretSource>>
}

/** Reads `emarketeer.publicApiKey`: required if, and only if, contacts are to be created in eMarketeer (E7). */
export function readPublicApiKey(
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
