import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { checkoutRoot } from '../src/checkout.js'

export interface CommandAnswer {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command of the checkout until it ends. */
export async function runCommand(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<CommandAnswer> {
  const child = spawn(file, args, {
    cwd: checkoutRoot,
    // A session of its own: Ctrl-C in a terminal reaches only the tour, which ends the command itself.
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  const [exitCode] = (await once(child, 'close')) as [number]
  return { exitCode, stdout, stderr }
}
