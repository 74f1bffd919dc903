import { cacheDir } from '../../src/checkout.js'

/** Variables by which the product or Temporal's tools are told where things are, and how they are reached. */
const OURS =
  /^(ALLOW_LOOPBACK_HTTP|DATABASE_URL|EMARKETEER_\w+|GATEWAY_\w+|LOG_LEVEL|PUBLIC_URL|SECRETS_KEY|TEMPORAL_\w+)$/

/** The variables of a stack of our own. */
export interface OwnEnvironment {
  /** To be set. */
  readonly env: Readonly<Record<string, string>>
  /** Names that the shell sets for other installations: to be taken away. */
  readonly foreign: readonly string[]
}

/**
 * The environment of the stack's processes and of commands against it: what the stack says, and nothing that the shell
 * says to other installations. A Temporal server that was given is reached as the shell says; the stack's own has
 * neither another namespace, nor a key, nor a profile.
 *
 * @param stack what the stack says, by name.
 * @param shell the environment that we were started with.
 */
export function ownEnvironment(
  stack: Readonly<Record<string, string>>,
  shell: Readonly<Record<string, string | undefined>>,
): OwnEnvironment {
  const temporalGiven = (shell['TEMPORAL_ADDRESS'] ?? '') !== ''
  const told = Object.entries(shell).filter(([name]) => OURS.test(name))
  const kept = temporalGiven ? told.filter(([name]) => name.startsWith('TEMPORAL_')) : []
  // A profile at its usual place would say what the variables do not; a file that is not there says nothing.
  const own = temporalGiven ? {} : { TEMPORAL_CONFIG_FILE: `${cacheDir}/no-profile.toml` }
  const env = { ...(Object.fromEntries(kept) as Record<string, string>), ...own, ...stack }
  return { env, foreign: told.map(([name]) => name).filter((name) => !(name in env)) }
}

/** As options for a child process: each foreign name taken away. */
export function childEnvironment({
  env,
  foreign,
}: OwnEnvironment): Record<string, string | undefined> {
  return { ...Object.fromEntries(foreign.map((name) => [name, undefined])), ...env }
}
