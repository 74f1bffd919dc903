import { setTimeout as wait } from 'node:timers/promises'
import type { Output } from '../src/cli/output.js'
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

export interface Claim {
  readonly text: string
  readonly held: boolean
  readonly seen: string | null
  readonly tookMs: number
}

const LOOK_AGAIN_MS = 100

/** Prints the tour in plain lines and checks each claim. */
export class Story {
  readonly claims: Claim[] = []

  /** @param signal after it is aborted, no claim is checked. */
  constructor(
    private readonly output: Output,
    private readonly signal: AbortSignal,
  ) {}

  chapter(title: string): void {
    this.output.note(`\n── ${title}`)
  }

  say(line: string): void {
    this.output.note(`   ${line}`)
  }

  quote(text: string): void {
    for (const line of text.trimEnd().split('\n')) {
      this.say(`  ${line}`)
    }
  }

  /**
   * Checks a claim repeatedly until it holds or its time has passed. `look` returns null if it holds, otherwise what it
   * found.
   * @throws AppError `interrupted`.
   */
  async claim(text: string, withinMs: number, look: () => Promise<string | null>): Promise<void> {
    const startedAt = performance.now()
    let seen: string | null
    do {
      seen = await look().catch((error: unknown) => `failed: ${String(error)}`)
      // The result of a look during shutdown proves nothing.
      this.signal.throwIfAborted()
      if (seen !== null) {
        await wait(LOOK_AGAIN_MS)
      }
    } while (seen !== null && performance.now() - startedAt < withinMs)
    const tookMs = Math.round(performance.now() - startedAt)
    this.claims.push({ text, held: seen === null, seen, tookMs })
    const took = tookMs > 500 ? ` (${(tookMs / 1000).toFixed(1)} s)` : ''
    this.output.note(seen === null ? ` ✓ ${text}${took}` : ` ✗ ${text} — saw: ${seen}`)
  }

  get allHeld(): boolean {
    return this.claims.length > 0 && this.claims.every((claim) => claim.held)
  }
}

/** null if equal, otherwise the value found: for {@link Story.claim}. */
export function expected(seen: unknown, wanted: unknown): string | null {
  const [a, b] = [JSON.stringify(seen), JSON.stringify(wanted)]
  return a === b ? null : `${a} instead of ${b}`
}

/** null if a command succeeded, otherwise the end of its output: for {@link Story.claim}. */
export function succeeded({ exitCode, stderr }: CommandAnswer): string | null {
  return exitCode === 0 ? null : `exit code ${exitCode}: ${stderr.slice(-400)}`
}
