import { randomUUID } from 'node:crypto'
import type { MailingListEntry, PreSendResult } from '../../../src/contracts/pre-send.js'
import {
  findSendoutRun,
  openSendoutRun,
  type Verdict,
} from '../../../src/ledger/sendout/sendouts.js'
import { catchUpCrm } from '../../../src/sync/mirror/catch-up-crm.js'
import { catchUpEmarketeer } from '../../../src/sync/mirror/catch-up-emarketeer.js'
import { settleRun } from '../../../src/sync/run/sync-addresses.js'
import { closeSendout } from '../../../src/sync/sendout/close-sendout.js'
import { decideMembers } from '../../../src/sync/sendout/decide-members.js'
import { fixAudience } from '../../../src/sync/sendout/fix-audience.js'
import { findListRun, readMailingListPage } from '../../../src/sync/sendout/mailing-list.js'
import type { FreshnessProof } from '../../../src/contracts/sync-activities.js'
import { proveFreshness } from '../../../src/sync/sendout/prove-freshness.js'
import { syncMembers } from '../../../src/sync/sendout/sync-members.js'
import type { SyncSession } from '../../../src/connection/session.js'
import { ACCOUNT_ID } from './stand-ins.js'
import { CONNECTION_ID } from './open-systems.js'
import { expectPlainAsGate } from './plain-and-gate.js'
import type { Twist, World } from './world.js'

type Act = () => Promise<unknown>

const same: Twist = (session) => session

/** A test's request for a sendout. */
export interface Ask {
  readonly contactIds: readonly string[]
  readonly channel?: 'email' | 'sms'
  readonly categoryId?: string | null
  readonly transactional?: boolean
  readonly onUnverified?: 'exclude' | 'abort'
  /** How freshness must be proven; default: the product's choice. */
  readonly proof?: 'delta' | 'direct'
  /** Changes the session of the sendout. */
  readonly twist?: Twist
  /** Steps may fail: the product excludes the contacts that they would have verified. */
  readonly tolerant?: boolean
  /** The connection's CRM; default Dynamics. */
  readonly crm?: string
  readonly afterAudience?: Act
  readonly afterProof?: Act
  readonly afterSync?: Act
  readonly afterDecision?: Act
}

/** The result. */
export interface Sent {
  readonly result: PreSendResult
  /** By contact id. */
  readonly verdicts: Readonly<Record<string, Verdict | null>>
  /** The complete list, read in pages; null if there is none. */
  readonly list: readonly MailingListEntry[] | null
}

/** Runs a pre-send in the order of its workflow (rules G1 to G6). */
export async function preSend(world: World, ask: Ask): Promise<Sent> {
  const session = (ask.twist ?? same)(await world.session('preSend'))
  const sendoutRunId = session.run.runId
  const sendoutId = `s-${randomUUID()}`
  await open(world, sendoutId, sendoutRunId, ask.crm ?? 'dynamics')
  const load = async () => (await findSendoutRun(world.db, sendoutRunId))!
  await fixAudience(session, await load(), {
    connectionId: CONNECTION_ID,
    sendoutId,
    stage: 'send',
    contactIds: ask.contactIds,
    channel: ask.channel ?? 'email',
    categoryId: ask.categoryId ?? null,
    transactional: ask.transactional ?? false,
  })
  await ask.afterAudience?.()
  const problems: string[] = []
  const trying = async <T>(work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work()
    } catch (error) {
      if (!ask.tolerant) {
        throw error
      }
      problems.push((error as Error).name)
      return null
    }
  }
  const proof = await trying(() => prove(session, sendoutRunId, ask.proof))
  await ask.afterProof?.()
  await trying(async () => {
    const range = { from: 0, to: ask.contactIds.length }
    await syncMembers(session, await load(), range, proof ?? 'direct')
    await settleRun(session)
  })
  await ask.afterSync?.()
  await trying(async () => decideMembers(session, await load()))
  await expectPlainAsGate(await world.session('preSend'), sendoutRunId)
  await ask.afterDecision?.()
  const result = await closeSendout(world.db, {
    sendoutRunId,
    proof,
    onUnverified: ask.onUnverified ?? 'exclude',
    aborted: false,
    problems,
  })
  const verdicts = await verdictsOf(world, sendoutRunId)
  return {
    result,
    verdicts,
    list: result.mailingList === null ? null : await readList(world, sendoutId),
  }
}

function open(
  world: World,
  sendoutId: string,
  sendoutRunId: string,
  crm: string,
): Promise<unknown> {
  return world.db.transaction((tx) =>
    openSendoutRun(tx, {
      sendoutRunId,
      sendoutId,
      stage: 'send',
      accountId: ACCOUNT_ID,
      connectionId: CONNECTION_ID,
      crm,
      workflowId: `presend:${sendoutId}`,
      deadlineMs: Date.now() + 600_000,
    }),
  )
}

async function prove(
  session: SyncSession,
  sendoutRunId: string,
  proof: 'delta' | 'direct' | undefined,
): Promise<FreshnessProof> {
  if (proof === undefined) {
    const run = (await findSendoutRun(session.db, sendoutRunId))!
    return (await proveFreshness(session, run)).proof
  }
  await catchUpEmarketeer(session)
  if (proof === 'delta') {
    await catchUpCrm(session)
    await catchUpEmarketeer(session)
  }
  return proof
}

async function verdictsOf(world: World, sendoutRunId: string) {
  const rows = await world.db.query<{ id: string; verdict: Verdict | null }>(
    `SELECT contact_id AS id, verdict FROM sendout_members WHERE sendout_run_id = $1`,
    [sendoutRunId],
  )
  return Object.fromEntries(rows.map((row) => [row.id, row.verdict]))
}

/** Reads a sendout's complete list page by page, as the campaign service does. */
export async function readList(world: World, sendoutId: string): Promise<MailingListEntry[]> {
  const entries: MailingListEntry[] = []
  let cursor: string | null = null
  do {
    const session = await world.session('preSend')
    const run = await findListRun(world.db, { sendoutId, accountId: ACCOUNT_ID })
    const page = await readMailingListPage(session, run, cursor)
    entries.push(...page.entries)
    cursor = page.nextCursor
  } while (cursor !== null)
  return entries
}
