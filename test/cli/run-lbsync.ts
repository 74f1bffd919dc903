import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { checkoutRoot } from '../../src/checkout.js'

/** The result of a command. */
export interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The developer's own environment must not affect a command. */
const OWN = /^(DATABASE_URL|EMARKETEER_|GATEWAY_|SECRETS_KEY|PUBLIC_URL|TEMPORAL_|LOG_LEVEL|ALLOW_)/

/**
 * Runs the real command line in a process of its own. @param env added to an environment without any of our variables.
 */
export async function runLbsync(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !OWN.test(name) && name !== 'NODE_OPTIONS',
  )
  const child = spawn(process.execPath, ['bin/lbsync.mjs', ...args], {
    cwd: checkoutRoot,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { exitCode, stdout, stderr }
}

/** The one document of a command that ran with `--json`. */
export function documentOf<T = Record<string, unknown>>({ stdout, stderr }: Ended): T {
  try {
    return JSON.parse(stdout) as T
  } catch {
    throw new Error(`stdout is not one JSON document:\n${stdout}\n${stderr}`)
  }
}
