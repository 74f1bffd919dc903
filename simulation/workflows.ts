import type { SyncSession } from '../src/connection/session.js'
import type { Trigger } from '../src/contracts/names.js'
import type { FreshnessProof } from '../src/contracts/sync-activities.js'
import { findAddresses } from '../src/ledger/address/addresses.js'
import { endRun } from '../src/ledger/run/runs.js'
import { findSendoutRun, openSendoutRun } from '../src/ledger/sendout/sendouts.js'
import { catchUpBoth } from '../src/sync/mirror/catch-up-both.js'
import { syncCategories } from '../src/sync/mirror/sync-categories.js'
import { drainInbox } from '../src/sync/run/drain-inbox.js'
import { approveHeld } from '../src/sync/run/held.js'
import { settleRun, syncAddresses } from '../src/sync/run/sync-addresses.js'
import { syncDue, type SyncedDue } from '../src/sync/run/sync-due.js'
import { closeSendout } from '../src/sync/sendout/close-sendout.js'
import { decideMembers } from '../src/sync/sendout/decide-members.js'
import { fixAudience } from '../src/sync/sendout/fix-audience.js'
import { findListRun, readMailingListPage } from '../src/sync/sendout/mailing-list.js'
import { proveFreshness } from '../src/sync/sendout/prove-freshness.js'
import { syncMembers } from '../src/sync/sendout/sync-members.js'
import type { Activities } from './activities.js'
import { listFindings, type Finding, type ListRead } from './oracles.js'
import { CATEGORY } from './people.js'
import { comparePlain } from './plain-and-gate.js'
import {
  ACCOUNT,
  codeOf,
  CONNECTION,
  everyAddress,
  MINUTE_MS,
  SHARDS,
  type Stage,
} from './stage.js'

/** The product's workflows: their steps, in their order. */
export class Workflows {
  /** Number of people on pages of lists. */
  listed = 0
  /** Number of members that the ledger's statement judged. */
  plain = 0

  constructor(
    private readonly stage: Stage,
    private readonly activities: Activities,
    private readonly findings: Finding[],
  ) {}

  /** One sweep, in the order of its workflow. */
  async sweep(name: string, trigger: Trigger = 'sweep'): Promise<void> {
    const began = this.stage.scheduler.nowMs
    const step = this.activities.stepsOf(name, trigger)
    await step('catchUpBoth', catchUpBoth)
    await step('syncCategories', syncCategories)
    let range: SyncedDue['next'] = null
    do {
      const options = { reading: 'copy', loosening: 'stage', maxBatches: 5, range } as const
      const due: SyncedDue = await step('syncDue', (session) => syncDue(session, options))
      range = due.next
    } while (range !== null)
    await step('settleRun', settleRun)
    await step('endRun', (session) => endRun(session.db, session.run.runId))
    for (let shard = 0; shard < SHARDS; shard += 1) {
      await step(`drainInbox ${shard}`, (session) => drainInbox(session, shard))
    }
    this.stage.people.knownSinceMs = Math.max(this.stage.people.knownSinceMs, began)
  }

  async resync(name: string): Promise<void> {
    const emails = everyAddress(this.stage.lives).filter(
      (_, at) => this.stage.chance.of(name, at) < 0.3,
    )
    const step = this.activities.stepsOf(name, 'manual')
    await step('resync', async (session) => {
      const ids = [...(await findAddresses(session.db, CONNECTION, emails)).values()]
      await syncAddresses(session, ids, { reading: 'direct', loosening: 'stage' })
    })
    await step('settleRun', settleRun)
  }

  async approve(name: string): Promise<void> {
    await this.activities.once(name, () =>
      approveHeld(this.stage.ledger, { connectionId: CONNECTION, reason: 'simulated', by: 'Kari' }),
    )
  }

  /** A pre-send, in the order of its workflow, and its list, read immediately and later. */
  async sendout(name: string): Promise<void> {
    const { scheduler, ledger } = this.stage
    const sendoutId = `s${name.split(' ')[1]}`
    const step = this.activities.stepsOf(name, 'preSend')
    const sendoutRunId = this.activities.runIdOf(name)
    await this.activities.once(`${name} open`, () =>
      ledger.transaction((tx) =>
        openSendoutRun(tx, {
          sendoutRunId,
          sendoutId,
          stage: 'send',
          accountId: ACCOUNT,
          connectionId: CONNECTION,
          crm: this.stage.crm.name,
          workflowId: name,
          deadlineMs: scheduler.nowMs + 30 * MINUTE_MS,
        }),
      ),
    )
    const problems: string[] = []
    const trying = async <T>(work: Promise<T>): Promise<T | null> =>
      work.catch((error: Error) => {
        problems.push(codeOf(error))
        return null
      })
    const load = async (session: SyncSession) => (await findSendoutRun(session.db, sendoutRunId))!
    const askedMs = scheduler.nowMs
    const named = {
      connectionId: CONNECTION,
      sendoutId,
      stage: 'send',
      campaignId: '1',
      componentId: '1',
    } as const
    const fixed = await trying(
      step('fixAudience', async (session) => fixAudience(session, await load(session), named)),
    )
    let proof: FreshnessProof | null = null
    if (fixed !== null) {
      proof =
        (
          await trying(
            step('proveFreshness', async (session) => proveFreshness(session, await load(session))),
          )
        )?.proof ?? null
      const halves = [
        { from: 0, to: Math.ceil(fixed.targeted / 2) },
        { from: Math.ceil(fixed.targeted / 2), to: fixed.targeted },
      ]
      await Promise.all(
        halves.map((range, shard) =>
          trying(
            step(`syncMembers ${shard}`, async (session) => {
              if (this.stage.faults.failsChild(`${name} ${shard}`)) {
                throw Object.assign(new Error('gives up'), { kind: { retryable: false } })
              }
              return syncMembers(session, await load(session), range, proof ?? 'direct')
            }),
          ),
        ),
      )
      await trying(step('settleRun', settleRun))
      await trying(
        step('decideMembers', async (session) => {
          await decideMembers(session, await load(session))
          await scheduler.step('compare', 1, () => this.comparePlain(name, session, sendoutRunId))
        }),
      )
    }
    const closing = {
      sendoutRunId,
      proof,
      onUnverified: 'exclude',
      aborted: false,
      problems,
    } as const
    const result = await step('closeSendout', (session) => closeSendout(session.db, closing))
    scheduler.note(`${name} decided: ${result.eligible} of ${result.targeted}`)
    for (const read of ['at once', 'late']) {
      await this.stage.scheduler.pause(
        read === 'late' ? this.stage.chance.between(1, 900_000, 'late', name) : 1,
      )
      await trying(this.readList(`${name} list ${read}`, sendoutId, askedMs))
    }
  }

  /** Reports plain members on whom the ledger's statement and the gate differ. */
  private async comparePlain(
    name: string,
    session: SyncSession,
    sendoutRunId: string,
  ): Promise<void> {
    const { plain, differing } = await this.stage.ledger.askAsOne((db) =>
      comparePlain(db, session, sendoutRunId, true),
    )
    this.plain += plain
    this.findings.push(
      ...differing.map(({ position, verdict, gate }): Finding => {
        const what = `${name}: member ${position} is ${verdict} by the statement, ${gate} by the gate`
        return { oracle: 'plain', email: null, what }
      }),
    )
  }

  private async readList(name: string, sendoutId: string, askedMs: number): Promise<void> {
    const { scheduler } = this.stage
    let cursor: string | null = null
    let page = 0
    do {
      let beganMs = 0
      const read: ListRead = await this.activities.stepsOf(name, 'preSend')(
        `page ${(page += 1)}`,
        async (session) => {
          beganMs = scheduler.nowMs
          const run = await findListRun(session.db, { sendoutId, accountId: ACCOUNT })
          return readMailingListPage(session, run, cursor)
        },
      )
      cursor = read.nextCursor
      this.listed += read.entries.length
      const until = { emarketeerMs: beganMs, crmMs: askedMs, allowMs: scheduler.nowMs }
      const found = listFindings(
        read,
        this.stage.ghost,
        until,
        this.stage.plan.subscriptions ? `c:${CATEGORY}` : null,
      )
      this.findings.push(...found.map((one) => ({ ...one, what: `${name}: ${one.what}` })))
    } while (cursor !== null)
  }
}
