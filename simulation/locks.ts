import type pg from 'pg'
import type { Connection } from './connection.js'
import type { Scheduler } from './scheduler.js'

/** The same value as in the product's own pool (src/ledger/db/database.ts). */
const LOCK_TIMEOUT_MS = 10_000
/** PostgreSQL's code. */
export const DEADLOCK = '40P01'
/** How often the simulation checks whether a statement without an answer waits for a lock, real ms. */
const LOOK_EVERY_MS = 2

/** A statement that waits for a lock. */
interface Waiting {
  readonly connection: Connection
  readonly answer: Promise<unknown>
  isDone: boolean
  readonly wake: () => void
  /** Ends with the step that it belongs to. */
  readonly step: Promise<void>
}

/**
 * Statements that wait for a lock of the server. Their tasks wait, and others go on; each end of a transaction lets them
 * be looked at again.
 */
export class Locks {
  private waiting: Waiting[] = []
  /** Number of statements that had to wait. */
  waits = 0

  constructor(
    private readonly admin: pg.Client,
    private readonly scheduler: Scheduler,
  ) {}

  /** Number of statements that wait now. */
  get count(): number {
    return this.waiting.length
  }

  /** The process of a connection is dead: it waits no longer. */
  async abandon(connection: Connection): Promise<void> {
    const waits = this.waiting.find((one) => one.connection === connection)
    if (waits) {
      await this.cancel(connection)
      this.waiting = this.waiting.filter((one) => one !== waits)
    }
  }

  /** Checks whether waiting statements have their locks now. */
  async wakeWaiting(): Promise<void> {
    for (const one of [...this.waiting]) {
      await this.untilKnown(one)
    }
  }

  /**
   * Waits until a statement has its answer and its task waits again, or until the server reports that it still waits
   * for a lock.
   */
  private async untilKnown(one: Waiting): Promise<void> {
    while (this.waiting.includes(one)) {
      await endsWithin(one.answer, LOOK_EVERY_MS)
      if (one.isDone) {
        this.waiting = this.waiting.filter((other) => other !== one)
        one.wake()
        await one.step
      } else if ((await this.blockersOf(one.connection)).length > 0) {
        return
      }
    }
  }

  private async blockersOf({ pid }: Connection): Promise<readonly number[]> {
    const { rows } = await this.admin.query<{ by: number[] }>('SELECT pg_blocking_pids($1) AS by', [
      pid,
    ])
    return rows[0]!.by
  }

  /** Whether a statement waits for another transaction's lock. */
  async isBlocked(connection: Connection, answer: Promise<unknown>): Promise<boolean> {
    for (;;) {
      if (await endsWithin(answer, LOOK_EVERY_MS)) {
        return false
      }
      if ((await this.blockersOf(connection)).length > 0) {
        return true
      }
    }
  }

  /**
   * Lets other tasks go on until the lock is granted, or its time-out is over. @throws PostgreSQL's error for a
   * deadlock.
   */
  async wait(connection: Connection, answer: Promise<unknown>): Promise<void> {
    this.waits += 1
    const { scheduler } = this
    scheduler.note('waits for a lock')
    if (await this.isInCircle(connection)) {
      scheduler.note('deadlock')
      await this.cancel(connection)
      await answer.catch(() => undefined)
      throw Object.assign(new Error('deadlock detected'), { code: DEADLOCK })
    }
    const step = scheduler.park()
    await new Promise<void>((resolve) => {
      const one: Waiting = { connection, answer, isDone: false, wake: resolve, step }
      const done = () => (one.isDone = true)
      answer.then(done, done)
      this.waiting.push(one)
      scheduler.at(scheduler.nowMs + LOCK_TIMEOUT_MS, async () => {
        if (this.waiting.includes(one)) {
          await this.cancel(connection)
          await answer.catch(() => undefined)
          await this.untilKnown(one)
        }
      })
    })
  }

  /** Whether a transaction that it waits for waits for it. */
  private async isInCircle(connection: Connection): Promise<boolean> {
    const seen = new Set<number>()
    const toAsk = [...(await this.blockersOf(connection))]
    for (const pid of toAsk) {
      if (pid === connection.pid) {
        return true
      }
      const blocker = this.waiting.find((one) => one.connection.pid === pid)
      if (blocker && !seen.has(pid)) {
        seen.add(pid)
        toAsk.push(...(await this.blockersOf(blocker.connection)))
      }
    }
    return false
  }

  private async cancel(connection: Connection): Promise<void> {
    await this.admin.query('SELECT pg_cancel_backend($1)', [connection.pid])
  }
}

/** Whether an answer or an error comes within that time, real ms. */
async function endsWithin(answer: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)))
  const end = () => true
  const ended = await Promise.race([answer.then(end, end), late])
  clearTimeout(timer)
  return ended
}
