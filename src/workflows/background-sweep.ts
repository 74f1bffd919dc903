import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common'
import {
  CancellationScope,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  setCurrentDetails,
  sleep,
} from '@temporalio/workflow'
import { sweepInput, type SweepInput } from '../contracts/inputs.js'
import { workflowIds, type Phase } from '../contracts/names.js'
import { searchAttributes } from '../contracts/search-attributes.js'
import { SWEEP_LATE_MS, type SweepResult } from '../contracts/sweep.js'
import { entry } from './entry.js'
import { plainText } from './markdown.js'
import { noteSweep } from './housekeeping.js'
import { mark } from './phase.js'
import { answer, refuseOtherSignals, reportInDetails } from './receive.js'
import { refusalDetails, problemIn, type Problem } from './failures.js'
import { SWEEP_STATUS, sweepRun, sweepStatusQuery } from './sweep.js'
import { NO_WORK } from '../contracts/work-report.js'

/** Wait before a failed sweep is retried; slightly longer than the breaker of a CRM that refuses us. */
const TRY_EVERY_MS = 5 * 60_000 + 5_000
/** After this time the next cron run takes over, so that one history does not grow for as long as a fault lasts. */
const TRY_FOR_MS = 6 * 60 * 60_000

const NOTHING_SWEPT: SweepResult = { ...NO_WORK, notices: [] }

type Try =
  | { readonly state: 'done' | 'refused' | 'skipped'; readonly result: SweepResult }
  | { readonly state: 'failed'; readonly problem: Problem; readonly error: unknown }

/**
 * The cron workflow; runs every 30 minutes. It only awaits {@link sweepRun}, because a cron run that continues as new
 * would drop the cron. Its cursors are in the ledger.
 *
 * A run ends when a sweep is done. Until then it stays open and retries, so that its `Phase` shows the connection's
 * state: `waiting` while the CRM refuses us or another sweep runs, `failed` after a sweep has failed or has run for two
 * hours. When a sweep is cancelled, the run ends early and the next one follows, because a cancelled run would end the
 * cron.
 */
export function backgroundSweep(...given: [SweepInput]): Promise<SweepResult> {
  return entry(sweepInput, given, (input) => new BackgroundSweep(input).run())
}

class BackgroundSweep {
  #phase: Phase = 'running'
  #result = NOTHING_SWEPT
  readonly #startedMs = Date.now()

  constructor(private readonly input: SweepInput) {
    refuseOtherSignals(reportInDetails)
    answer(sweepStatusQuery, SWEEP_STATUS, () => {
      const { notices, ...totals } = this.#result
      return { connectionId: input.connectionId, phase: this.#phase, totals, notices }
    })
  }

  async run(): Promise<SweepResult> {
    try {
      return await this.#tryUntilDone()
    } catch (error) {
      if (!isCancellation(error)) {
        throw error
      }
      this.#show('failed', '**Cancelled.** The next sweep comes at its time')
      return { ...this.#result, cancelled: true }
    }
  }

  async #tryUntilDone(): Promise<SweepResult> {
    this.#show('running', 'A sweep is under way')
    for (;;) {
      const end = await this.#tryOnce()
      await this.#note(end)
      if (end.state !== 'failed') {
        this.#result = end.result
      }
      if (end.state === 'done') {
        return end.result
      }
      if (this.#isOver(end)) {
        if (end.state === 'failed') {
          throw end.error
        }
        return end.result
      }
      await sleep(TRY_EVERY_MS)
    }
  }

  async #tryOnce(): Promise<Try> {
    const { connectionId } = this.input
    const watch = new CancellationScope()
    void watch.run(() => sleep(SWEEP_LATE_MS).then(() => this.#noteLate())).catch(() => undefined)
    try {
      const result = await executeChild(sweepRun, {
        workflowId: workflowIds.sweepRun(connectionId),
        args: [this.input],
        parentClosePolicy: ParentClosePolicy.TERMINATE,
        typedSearchAttributes: searchAttributes({ connectionId, phase: 'running', tier: 'sweep' }),
        staticSummary: `One sweep of ${connectionId}`,
      })
      return { state: result.refused ? 'refused' : 'done', result }
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        return { state: 'skipped', result: { ...NOTHING_SWEPT, skipped: true } }
      }
      if (isCancellation(error)) {
        throw error
      }
      return { state: 'failed', problem: problemIn(error), error }
    } finally {
      watch.cancel()
    }
  }

  async #note(end: Try): Promise<void> {
    const { connectionId } = this.input
    switch (end.state) {
      case 'done':
        this.#show('done', 'Done')
        break
      case 'refused':
        this.#show('waiting', refusalDetails(end.result.refused!))
        break
      case 'skipped':
        if (this.#runsFor(SWEEP_LATE_MS)) {
          await this.#noteLate()
        } else {
          this.#show('waiting', `**Skipped:** ${SKIPPED}`)
          await noteSweep({ connectionId, outcome: 'skipped', message: SKIPPED })
        }
        break
      case 'failed': {
        const { code, message } = end.problem
        this.#show(
          'failed',
          `**Failed (${code}):** ${plainText(message)} It is tried again in five minutes`,
        )
        // The failed sweep may not have been able to store it.
        await noteSweep({ connectionId, outcome: 'failed', code, message })
      }
    }
  }

  async #noteLate(): Promise<void> {
    this.#show('failed', `**Late:** ${LATE}`)
    const { connectionId } = this.input
    await noteSweep({ connectionId, outcome: 'late', message: LATE })
  }

  #show(phase: Phase, details: string): void {
    setCurrentDetails(details)
    this.#phase = phase
    mark({ connectionId: this.input.connectionId, phase, tier: 'sweep' })
  }

  /** Whether this run gives up: its time has passed, or no retry can succeed. */
  #isOver(end: Try): boolean {
    const mayNot = end.state === 'failed' && end.problem.code.startsWith('connection_')
    return mayNot || this.#runsFor(TRY_FOR_MS)
  }

  #runsFor(ms: number): boolean {
    return Date.now() - this.#startedMs >= ms
  }
}

const SKIPPED = 'Another sweep of this connection is under way.'
const LATE = 'A sweep has not ended for two hours. It may still be going on.'
