import { randomUUID } from 'node:crypto'
import type { MailingListEntry, PreSendResult } from '../../../src/contracts/pre-send.js'
import { expect } from '@jest/globals'
import { unreadAddressRows } from '../../../src/ledger/address/address-rows.js'
import {
  countOpenAddresses,
  openMemberAddresses,
  unreadMemberAddresses,
} from '../../../src/ledger/sendout/open-members.js'
import {
  findSendoutRun,
  openSendoutRun,
  type SendoutRun,
  type Verdict,
} from '../../../src/ledger/sendout/sendouts.js'
import { catchUpCrm } from '../../../src/sync/mirror/catch-up-crm.js'
import { catchUpEmarketeer } from '../../../src/sync/mirror/catch-up-emarketeer.js'
import { settleRun } from '../../../src/sync/run/sync-addresses.js'
import { closeSendout } from '../../../src/sync/sendout/close-sendout.js'
import { decideMembers } from '../../../src/sync/sendout/decide-members.js'
import { fixAudience } from '../../../src/sync/sendout/fix-audience.js'
import { findListRun, readMailingListPage } from '../../../src/sync/sendout/mailing-list.js'
import { proveFreshness, type Proven } from '../../../src/sync/sendout/prove-freshness.js'
import { syncMembers, type MemberRange } from '../../../src/sync/sendout/sync-members.js'
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
  await openRun(world, sendoutId, sendoutRunId, ask.crm ?? 'dynamics')
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
  const proven = await trying(() => prove(session, sendoutRunId, ask.proof))
  const { proof, open } = proven ?? { proof: null, open: null }
  const range = { from: 0, to: ask.contactIds.length }
  await expectOpenAsByMembers(world, await load(), range)
  await ask.afterProof?.()
  if (open !== 0) {
    await trying(async () => {
      await syncMembers(session, await load(), range, proof ?? 'direct')
      await settleRun(session)
    })
  }
  await ask.afterSync?.()
  await expectOpenAsByMembers(world, await load(), range)
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

/** Begun with the connection's open addresses or with the members, the search for the members' open ones finds the same. */
async function expectOpenAsByMembers(
  world: World,
  run: SendoutRun,
  range: MemberRange,
): Promise<void> {
  await world.db.snapshot(async (tx) => {
    const found = await openMemberAddresses(tx, run, range)
    expect(found).toEqual(await openMemberAddresses(tx, run, range, 0))
    const unread = async (most?: number) => {
      const ids = await unreadMemberAddresses(tx, run, range, most)
      return (await unreadAddressRows(tx, ids)).map((row) => row.addressId)
    }
    expect(await unread()).toEqual(await unread(0))
  })
}

function openRun(
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
): Promise<Proven> {
  if (proof === undefined) {
    return proveFreshness(session, (await findSendoutRun(session.db, sendoutRunId))!)
  }
  await catchUpEmarketeer(session)
  if (proof === 'delta') {
    await catchUpCrm(session)
    await catchUpEmarketeer(session)
  }
  const open = proof === 'direct' ? null : await countOpenAddresses(session.db, CONNECTION_ID)
  return { proof, open }
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
