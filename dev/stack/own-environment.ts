import { cacheDir } from '../../src/checkout.js'

/** Variables that tell the product or Temporal's tools where things are, and how to reach them. */
const OURS =
  /^(ALLOW_LOOPBACK_HTTP|DATABASE_URL|EMARKETEER_\w+|GATEWAY_\w+|LOG_LEVEL|PUBLIC_URL|SECRETS_KEY|TEMPORAL_\w+)$/

export interface OwnEnvironment {
  /** To set. */
  readonly env: Readonly<Record<string, string>>
  /** Set by the shell for other installations: to remove. */
  readonly foreign: readonly string[]
}

/**
 * The environment of the stack's processes and of commands against it: the stack's variables, without those of the
 * shell for other installations. The shell says how to reach a given Temporal server; the stack's own has neither
 * another namespace, nor a key, nor a profile.
 * @param stack the stack's variables.
 * @param shell our own environment at the start.
 */
export function ownEnvironment(
  stack: Readonly<Record<string, string>>,
  shell: Readonly<Record<string, string | undefined>>,
): OwnEnvironment {
  const temporalGiven = (shell['TEMPORAL_ADDRESS'] ?? '') !== ''
  const told = Object.entries(shell).filter(([name]) => OURS.test(name))
  const kept = temporalGiven ? told.filter(([name]) => name.startsWith('TEMPORAL_')) : []
  // A profile at its usual place would set what the variables leave out; a missing file sets nothing.
  const own = temporalGiven ? {} : { TEMPORAL_CONFIG_FILE: `${cacheDir}/no-profile.toml` }
  const env = { ...(Object.fromEntries(kept) as Record<string, string>), ...own, ...stack }
  return { env, foreign: told.map(([name]) => name).filter((name) => !(name in env)) }
}

/** Options for a child process, with each foreign variable removed. */
export function childEnvironment({
  env,
  foreign,
}: OwnEnvironment): Record<string, string | undefined> {
  return { ...Object.fromEntries(foreign.map((name) => [name, undefined])), ...env }
}
