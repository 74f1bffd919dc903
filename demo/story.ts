import { setTimeout as wait } from 'node:timers/promises'
import type { Output } from '../src/cli/output.js'
import type { CommandAnswer } from './run-command.js'

/** One claim of the tour, and whether it held. */
export interface Claim {
  readonly text: string
  readonly held: boolean
  readonly seen: string | null
  readonly tookMs: number
}

const LOOK_AGAIN_MS = 100

/** Tells the tour in plain lines, and checks each claim as it is made. */
export class Story {
  readonly claims: Claim[] = []

  /** @param signal aborted, no further claim is judged. */
  constructor(
    private readonly output: Output,
    private readonly signal: AbortSignal,
  ) {}

  /** A heading. */
  chapter(title: string): void {
    this.output.note(`\n── ${title}`)
  }

  /** What happens now. */
  say(line: string): void {
    this.output.note(`   ${line}`)
  }

  /** What a command answered. */
  quote(text: string): void {
    for (const line of text.trimEnd().split('\n')) {
      this.say(`  ${line}`)
    }
  }

  /**
   * A claim that must come true within the time: looked at again and again until it does. `look` answers null when it
   * holds, else what was seen instead.
   *
   * @throws AppError `interrupted`.
   */
  async claim(text: string, withinMs: number, look: () => Promise<string | null>): Promise<void> {
    const startedAt = performance.now()
    let seen: string | null
    do {
      seen = await look().catch((error: unknown) => `failed: ${String(error)}`)
      // What was seen while everything is being ended says nothing.
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

  /** Whether every claim held. */
  get allHeld(): boolean {
    return this.claims.length > 0 && this.claims.every((claim) => claim.held)
  }
}

/** null when equal, else what was seen: for {@link Story.claim}. */
export function expected(seen: unknown, wanted: unknown): string | null {
  const [a, b] = [JSON.stringify(seen), JSON.stringify(wanted)]
  return a === b ? null : `${a} instead of ${b}`
}

/** null where a command ended well, else the end of what it said: for {@link Story.claim}. */
export function succeeded({ exitCode, stderr }: CommandAnswer): string | null {
  return exitCode === 0 ? null : `exit code ${exitCode}: ${stderr.slice(-400)}`
}
