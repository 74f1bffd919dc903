import { setTimeout as sleep } from 'node:timers/promises'
import { ServiceError } from '../errors.js'
import type { Customization, Pace } from './pace.js'

/** The organisation-wide customization lock: only one metadata write or publish runs at a time (trap 13). */
export class CustomizationLock {
  #holder: string | undefined
  #heldUntilMs = 0

  constructor(private readonly pace: Pace) {}

  /** Holds the lock for another customizer, for this long (real time). */
  hold(forMs: number): void {
    this.#heldUntilMs = Date.now() + forMs
  }

  release(): void {
    this.#heldUntilMs = 0
  }

  /** Runs a customization under the lock; 429 0x80071151 if another holds it. */
  async run<T>(kind: Customization, work: () => T): Promise<T> {
    const operation = kind === 'publish' ? 'Publish' : 'EntityCustomization'
    const running = this.#holder ?? (Date.now() < this.#heldUntilMs ? 'Import' : undefined)
    if (running !== undefined) {
      throw new ServiceError(
        429,
        '0x80071151',
        `Cannot start the requested operation [${operation}] because there is another [${running}] running at this moment. Use Solution History for more details.`,
      )
    }
    this.#holder = operation
    try {
      const durationMs = this.pace.customizationMs(kind)
      if (durationMs > 0) {
        await sleep(durationMs)
      }
      return work()
    } finally {
      this.#holder = undefined
    }
  }
}
