import type { SecretSource } from './connection-file.js'
import type { Variables } from './environment-sections.js'
import type { Problem } from '../contracts/problems.js'
import { Secret } from './secret.js'
import { variableOf } from './variable.js'

/** Capitals only, as is usual; a secret pasted in place of a name then is refused, and not shown. */
const VARIABLE_NAME = /^[A-Z_][A-Z0-9_]{0,127}$/

/** The service's own variables: a file that names one would hand it to the CRM that it also names. */
const OWN_VARIABLE =
  /^(?:DATABASE_URL|EMARKETEER_.*|GATEWAY_.*|SECRETS_KEY|PUBLIC_URL|\w+_DATABASE_PASSWORD|TEMPORAL_.*|PG.*|NODE_.*)$/

/** Private keys are the longest (PEM). */
const MAX_SECRET_CHARACTERS = 16_384

/** A secret read from a file, with its value for checking the section; or what is wrong with it. */
export type SecretReading =
  { readonly source: SecretSource; readonly value: string } | { readonly problem: Problem }

/**
 * Reads one secret of a connection file: `{"env":"NAME"}` or text.
 *
 * @param given what stands in the file at `path`; never shown.
 */
export function readSecretSource(given: unknown, path: string, env: Variables): SecretReading {
  if (typeof given === 'string') {
    return given.trim() === '' || given.length > MAX_SECRET_CHARACTERS
      ? invalid(path, `must have 1 to ${MAX_SECRET_CHARACTERS} characters`)
      : { source: { literal: new Secret(given.trim()) }, value: given.trim() }
  }
  const name = nameIn(given)
  if (name === null) {
    return invalid(path, 'must be {"env":"NAME"}, NAME in capitals, or text')
  }
  if (OWN_VARIABLE.test(name)) {
    return invalid(path, `must not be ${name}, which belongs to this service`)
  }
  const value = variableOf(env, name)
  if (value === undefined) {
    return { problem: secretMissing(name, path) }
  }
  return { source: { env: name }, value }
}

/** The variable that a secret needs is not set. Names it, as it is no secret itself. */
export function secretMissing(name: string, path: string): Problem {
  return {
    code: 'secret_missing',
    message: `The environment variable ${name}, which ${path} names, is not set.`,
    path,
    value: null,
  }
}

function nameIn(given: unknown): string | null {
  if (typeof given !== 'object' || given === null || Object.keys(given).join() !== 'env') {
    return null
  }
  const { env } = given as { env: unknown }
  return typeof env === 'string' && VARIABLE_NAME.test(env) ? env : null
}

function invalid(path: string, what: string): SecretReading {
  return {
    problem: {
      code: 'value_invalid',
      message: `${path} is not valid: ${what}.`,
      path,
      value: '***',
    },
  }
}
