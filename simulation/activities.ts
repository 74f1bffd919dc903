import { ClockWatch } from '../src/connection/crm-clock.js'
import { type SyncSession, UnreadableRecords } from '../src/connection/session.js'
import type { Trigger } from '../src/contracts/names.js'
import { RequestTally } from '../src/http/index.js'
import { findConnection } from '../src/ledger/connection/connections.js'
import type { Logger } from '../src/telemetry/logger.js'
import { IDLE_IN_TRANSACTION_MS } from './ledger.js'
import { Task } from './scheduler.js'
import { codeOf, CONNECTION, MINUTE_MS, type Stage } from './stage.js'

/** The same as the activities' heartbeat time-out (src/workflows/activity-limits.ts): after it another attempt begins. */
const HEARTBEAT_MS = 10_000
const HANG_MS = 200_000
/** Tries of a step: for a sendout, whose deadline is near, and for other work, enough to succeed. */
const TRIES = { sendout: 8, other: 40 } as const
/** First and longest wait before another try, ms; the same as the activities' (src/workflows/activity-limits.ts). */
const RETRY_MS = { first: 1_000, longest: { sendout: 10_000, other: 60_000 } } as const

const SILENT: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  fatal: () => undefined,
  child: () => SILENT,
}

/** What is known of an error of the product. */
type Failure = Error & {
  readonly kind?: { readonly retryable: boolean }
  readonly retryAfterSeconds?: number | null
}

/** An activity died, or hung for longer than its heartbeat time-out. */
class Gone extends Error {}

/** The product's clients of both systems. */
export interface Ends {
  readonly emarketeer: SyncSession['emarketeer']
  readonly crm: NonNullable<SyncSession['crm']>
}

/** Steps of the product as its workers run them: repeated if they fail, die with their worker, or hang. */
export class Activities {
  /** Running activities; a stop of all workers ends them. */
  private readonly tasks = new Set<Task>()
  private readonly safe = new WeakSet<Task>()
  private readonly onGone = new WeakMap<Task, () => void>()
  isDown = false
  /** Increases with each restore: earlier workflows are terminated. */
  private era = 0

  constructor(
    private readonly stage: Stage,
    private readonly ends: Ends,
  ) {
    stage.scheduler.onStep = (task) => this.endAtStep(task)
    stage.ledger.faultOfCommit = (task) =>
      this.safe.has(task) ? null : stage.faults.ofCommit(`${task.name} ${task.steps}`)
  }

  /** Steps of one run. */
  stepsOf(name: string, trigger: Trigger) {
    const runId = this.runIdOf(name)
    const { era } = this
    return <T>(what: string, work: (session: SyncSession) => Promise<T>): Promise<T> =>
      this.activity(era, `${name} ${what}`, async () =>
        work(await this.session(runId, trigger, name)),
      )
  }

  /** Work that no fault ends. */
  once<T>(name: string, work: () => Promise<T>): Promise<T> {
    const task = new Task(name)
    this.safe.add(task)
    return this.stage.scheduler.run(task, work)
  }

  /** Ends all workers, as a person does before the ledger is restored; until {@link resume} none begins. */
  stop(): void {
    const { scheduler } = this.stage
    this.isDown = true
    this.era += 1
    const tasks = [...this.tasks]
    this.tasks.clear()
    scheduler.exclusively(async () => {
      for (const task of tasks) {
        await scheduler.kill(task)
        this.onGone.get(task)?.()
      }
    })
  }

  resume(): void {
    this.isDown = false
  }

  runIdOf(name: string): string {
    const hex = (n: number) =>
      Math.floor(this.stage.chance.of('run', name, n) * 0x1_0000_0000)
        .toString(16)
        .padStart(8, '0')
    const text = [0, 1, 2, 3].map(hex).join('')
    return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-a${text.slice(17, 20)}-${text.slice(20)}`
  }

  private async activity<T>(era: number, name: string, work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      if (era !== this.era || this.isDown) {
        throw new Gone('terminated')
      }
      const task = new Task(`${name}/${attempt}`)
      this.tasks.add(task)
      try {
        return await Promise.race([this.stage.scheduler.run(task, work), this.goneOf(task)])
      } catch (error) {
        this.stage.scheduler.note(`${task.name} fails: ${codeOf(error as Error)}`)
        const waitMs = this.waitAfter(task, attempt, error as Failure)
        if (waitMs === null) {
          throw error
        }
        await this.stage.scheduler.pause(waitMs)
      } finally {
        if (!(task.hangsUntilMs > this.stage.scheduler.nowMs)) {
          this.tasks.delete(task)
        }
      }
    }
  }

  /** Wait before the next try of a step, ms, at least as long as the system asked; null: there is none. */
  private waitAfter({ name }: Task, attempt: number, error: Failure): number | null {
    const kind = name.startsWith('sendout') ? 'sendout' : 'other'
    const { first, longest } = RETRY_MS
    const askedMs = (error.retryAfterSeconds ?? 0) * 1_000
    if (
      attempt === TRIES[kind] ||
      error.kind?.retryable === false ||
      (kind === 'sendout' && askedMs > MINUTE_MS)
    ) {
      return null
    }
    const waitMs = Math.max(askedMs, Math.min(longest[kind], first * 2 ** (attempt - 1)))
    return waitMs + this.stage.chance.between(0, 900, 'retry', name)
  }

  private goneOf(task: Task): Promise<never> {
    return new Promise((_, reject) => this.onGone.set(task, () => reject(new Gone('no heartbeat'))))
  }

  /** Whether a task dies or hangs at this step. */
  private endAtStep(task: Task): number {
    const { scheduler, faults } = this.stage
    if (this.safe.has(task)) {
      return 0
    }
    const place = `${task.name} ${task.steps}`
    const gone = [task]
    if (faults.crashes(place, task.danger > 0)) {
      gone.push(...(faults.takesAll(place) ? [...this.tasks].filter((one) => one !== task) : []))
      gone.forEach((one) => scheduler.at(scheduler.nowMs, () => scheduler.kill(one)))
    } else if (faults.hangs(place)) {
      scheduler.note(`${task.name} hangs`)
      task.hangsUntilMs = scheduler.nowMs + HANG_MS
      scheduler.at(scheduler.nowMs + IDLE_IN_TRANSACTION_MS, () => scheduler.endTransactions(task))
    } else {
      return 0
    }
    scheduler.at(scheduler.nowMs + HEARTBEAT_MS, () => {
      gone.forEach((one) => this.onGone.get(one)?.())
    })
    return 0
  }

  private async session(runId: string, trigger: Trigger, workflowId: string): Promise<SyncSession> {
    const { ledger } = this.stage
    const connection = (await findConnection(ledger, CONNECTION))!
    const clock = new ClockWatch()
    const unreadable = new UnreadableRecords(SILENT)
    return {
      db: ledger,
      connection,
      emarketeer: this.ends.emarketeer,
      crm: this.ends.crm,
      publicContacts: null,
      run: { runId, connectionId: CONNECTION, trigger, workflowId },
      call: { tally: new RequestTally(), onClock: clock.note, onUnreadable: unreadable.note },
      clock,
      unreadable,
      log: SILENT,
      heartbeat: () => undefined,
    }
  }
}
