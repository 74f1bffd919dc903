import { setTimeout as sleep } from 'node:timers/promises'
import { ServiceError } from '../errors.js'

/** The organisation-wide customization lock: metadata writes and publishes one at a time (trap 15). */
export class CustomizationLock {
  private holder: string | undefined
  private heldUntilMs = 0

  constructor(private readonly durationMs: number) {}

  /** Someone else customises: refuse for this long (real time). */
  hold(forMs: number): void {
    this.heldUntilMs = Date.now() + forMs
  }

  release(): void {
    this.heldUntilMs = 0
  }

  /** Runs a customization under the lock; 429 0x80071151 when it is taken. */
  async run<T>(operation: string, work: () => T): Promise<T> {
    const running = this.holder ?? (Date.now() < this.heldUntilMs ? 'Import' : undefined)
    if (running !== undefined) {
      throw new ServiceError(
        429,
        '0x80071151',
        `Cannot start the requested operation [${operation}] because there is another [${running}] running at this moment. Use Solution History for more details.`,
      )
    }
    this.holder = operation
    try {
      if (this.durationMs > 0) {
        await sleep(this.durationMs)
      }
      return work()
    } finally {
      this.holder = undefined
    }
  }
}
