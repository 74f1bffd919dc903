import { cacheDir } from '../../src/checkout.js'

/** Variables that point the product or Temporal's tools to other systems, or state how to reach them. */
const OURS =
  /^(ALLOW_LOOPBACK_HTTP|DATABASE_URL|EMARKETEER_\w+|GATEWAY_\w+|LOG_LEVEL|PUBLIC_URL|SECRETS_KEY|TEMPORAL_\w+)$/

export interface OwnEnvironment {
  /** Variables to set. */
  readonly env: Readonly<Record<string, string>>
  /** Variables that the shell sets for other installations: to remove. */
  readonly foreign: readonly string[]
}

/**
 * The environment of the stack's processes and of commands against it: the stack's variables, without the shell's for
 * other installations. For a given Temporal server, the shell's variables state how to reach it. The stack's own has
 * neither another namespace, nor a key, nor a profile.
 * @param stack the stack's variables.
 * @param shell our own environment at the start.
 */
export function ownEnvironment(
  stack: Readonly<Record<string, string>>,
  shell: Readonly<Record<string, string | undefined>>,
): OwnEnvironment {
  const temporalGiven = (shell['TEMPORAL_ADDRESS'] ?? '') !== ''
  const ours = Object.entries(shell).filter(([name]) => OURS.test(name))
  const kept = temporalGiven ? ours.filter(([name]) => name.startsWith('TEMPORAL_')) : []
  // A profile in its usual place would set what the variables leave out. A missing file sets nothing.
  const own = temporalGiven ? {} : { TEMPORAL_CONFIG_FILE: `${cacheDir}/no-profile.toml` }
  const env = { ...(Object.fromEntries(kept) as Record<string, string>), ...own, ...stack }
  return { env, foreign: ours.map(([name]) => name).filter((name) => !(name in env)) }
}

/** Options for a child process that remove each foreign variable. */
export function childEnvironment({
  env,
  foreign,
}: OwnEnvironment): Record<string, string | undefined> {
  return { ...Object.fromEntries(foreign.map((name) => [name, undefined])), ...env }
}
