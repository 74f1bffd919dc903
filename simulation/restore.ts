import { beginNewEpoch } from '../src/app/ledger-restored.js'
import type { Activities } from './activities.js'
import type { Stage } from './stage.js'

/** The longest call takes 120 s. */
const STOPPED_MS = 130_000

/** A backup of the ledger, and its restore. */
export class Backup {
  private backedUpMs: number | null = null
  /** The period that the ledger lost. */
  private gap: { readonly fromMs: number; readonly toMs: number } | null = null

  constructor(
    private readonly stage: Stage,
    private readonly activities: Activities,
  ) {}

  /** Whether the restored ledger lost what happened then. */
  hasLost(atMs: number): boolean {
    return this.gap !== null && atMs >= this.gap.fromMs && atMs <= this.gap.toMs
  }

  /** Waits until no transaction runs, because a backup holds each transaction completely or not at all. */
  async backUp(): Promise<void> {
    const { scheduler, ledger } = this.stage
    while (ledger.isBusy) {
      await scheduler.pause(7)
    }
    this.backedUpMs = scheduler.nowMs
    scheduler.exclusively(() => ledger.backUp())
    await scheduler.pause(1)
  }

  /** Follows docs/ledger.md: everything is stopped, calls are dead, the backup is restored, and the command is run. */
  async restore(): Promise<void> {
    const { scheduler, ledger, ghost, people, crm } = this.stage
    if (this.backedUpMs === null) {
      return
    }
    this.activities.stop()
    await scheduler.pause(STOPPED_MS)
    scheduler.exclusively(() => ledger.restore())
    await scheduler.pause(1)
    this.gap = { fromMs: this.backedUpMs, toMs: scheduler.nowMs }
    ghost.forget(this.gap.fromMs)
    crm.forgetWrites?.()
    people.knownSinceMs = Math.min(people.knownSinceMs, this.gap.fromMs)
    const evidence = { reason: 'simulated restore', by: 'Kari' }
    await this.activities.once('ledger restored', () => beginNewEpoch(ledger, evidence, 'root'))
    this.activities.resume()
  }
}
