import { waitingDeniesOf } from '../../../ledger/run/inbox.js'
import { addressesOfContacts } from '../../../ledger/copy/emarketeer-mirror.js'
import { addressesHeldOverDeny } from '../../../ledger/run/runs.js'
import { plainMembers, type MemberSelection } from '../../../ledger/sendout/plain-members.js'
import { membersAt, type SendoutMember } from '../../../ledger/sendout/sendout-members.js'
import type { SendoutRun, Verdict } from '../../../ledger/sendout/sendouts.js'
import { chunksOf } from '../../../domain/lists.js'
import { categoryCell, type CellKey } from '../../../domain/cell-key.js'
import { PURPOSES } from '../../../domain/legal-basis.js'
import { excludedBecause } from '../../../domain/send-gate.js'
import { basisMappingOf } from '../../../connection/basis-mapping.js'
import { loadBatch, type AddressView, type BatchView } from '../../view/address-view.js'
import type { SyncSession } from '../../../connection/session.js'
import { gateFactsOf } from './gate-facts.js'
import type { GateContext } from './gate-crm.js'
import { plainQuestion, plainVerdict } from './plain-gate.js'
import { namedBy } from '../../../ledger/copy/address-mentions.js'
import type { Queryable } from '../../../ledger/db/database.js'

/** The verdict on the member at a position of the run. */
interface VerdictOn {
  readonly position: number
  readonly verdict: Verdict
}

/** A member of a list, as the ledger has it. */
export interface ListedMember {
  readonly position: number
  readonly contactId: string
  /** Address or number, as the channel asks; null: none. */
  readonly reachedAt: string | null
}

/** Members and the verdicts on them, each in any order. */
interface JudgedMembers {
  readonly verdicts: VerdictOn[]
  /** All members of a selection for a list; else none. */
  readonly listed: ListedMember[]
}

/** Most members of whom the gate loads everything at once. */
const LOADED_AT_ONCE = 1_000

/**
 * Judges members by the present copy. The ledger picks out the plain ones, nearly all; for the others everything is
 * loaded.
 *
 * @param selection at most some thousands. @returns all of them.
 */
export async function judgeSelection(
  session: SyncSession,
  run: SendoutRun,
  selection: MemberSelection,
  freshness: Pick<GateContext, 'mustBeFresh'>,
): Promise<JudgedMembers> {
  const { verdicts, others, listed } = await session.db.snapshot((tx) =>
    judgePlain(tx, session, run, selection, freshness),
  )
  for (const part of chunksOf(others, LOADED_AT_ONCE)) {
    const members = await membersAt(session.db, run.sendoutRunId, part)
    const judged = await session.db.snapshot((tx) =>
      judgeMembers(tx, session, run, members, freshness),
    )
    verdicts.push(...judged)
  }
  return { verdicts, listed }
}

/**
 * Judges the plain members of a selection.
 * @param tx one snapshot, so that a deny that moves from the inbox into the copy is seen in one of the two.
 * @returns their verdicts, the positions of all others, and what a list needs of both.
 */
export async function judgePlain(
  tx: Queryable,
  session: Pick<SyncSession, 'connection' | 'crm'>,
  run: SendoutRun,
  selection: MemberSelection,
  { mustBeFresh }: Pick<GateContext, 'mustBeFresh'>,
): Promise<JudgedMembers & { readonly others: number[] }> {
  const { connectionId } = session.connection
  const batch = await loadBatch(tx, connectionId, [])
  const context = await gateContext(tx, session, run, batch, { mustBeFresh })
  const groups = await plainMembers(tx, selection, plainQuestion(context, connectionId))
  const verdicts: VerdictOn[] = []
  const others: number[] = []
  const listed: ListedMember[] = []
  for (const { positions, facts, contactIds, reachedAt } of groups) {
    contactIds?.forEach((contactId, at) =>
      listed.push({ position: positions[at]!, contactId, reachedAt: reachedAt![at]! }),
    )
    const verdict = facts && plainVerdict(context, facts)
    if (verdict === null) {
      others.push(...positions)
    } else {
      verdicts.push(...positions.map((position) => ({ position, verdict })))
    }
  }
  return { verdicts, others, listed }
}

/**
 * Judges members by everything that the copy holds of them. If a stored value cannot be read, its member is not
 * verified.
 *
 * @param tx one snapshot, as in {@link judgePlain}. @param members at most 1,000.
 */
export async function judgeMembers(
  tx: Queryable,
  session: Pick<SyncSession, 'connection' | 'crm' | 'log'>,
  run: SendoutRun,
  members: readonly SendoutMember[],
  { mustBeFresh }: Pick<GateContext, 'mustBeFresh'>,
): Promise<VerdictOn[]> {
  const { connectionId } = session.connection
  const addressIds = [...new Set(members.map((m) => m.addressId).filter((id) => id !== null))]
  const cellKeys = cellsThatMatter(run)
  const batch = await loadBatch(tx, connectionId, addressIds, cellKeys)
  const named = await loadNamed(tx, connectionId, addressIds, cellKeys)
  const context: GateContext = {
    ...(await gateContext(tx, session, run, batch, { mustBeFresh })),
    heldAddresses: await addressesHeldOverDeny(tx, [...addressIds, ...named.addressIds]),
    namedAt: named.namedAt,
    currentAddressOf: await addressesOfContacts(
      tx,
      connectionId,
      members.map(({ contactId }) => contactId),
    ),
  }
  const views = new Map(batch.addresses.map((view) => [view.row.addressId, view]))
  return members.map((member) => {
    const { position } = member
    const view = member.addressId === null ? undefined : views.get(member.addressId)
    try {
      return {
        position,
        verdict: excludedBecause(gateFactsOf(context, member, view)) ?? 'eligible',
      }
    } catch (error) {
      // A stored value that cannot be understood excludes this member, not the others.
      session.log.error({ connectionId, sendoutId: run.sendoutId, err: error }, UNREADABLE)
      return { position, verdict: 'notVerified' }
    }
  })
}

const UNREADABLE = 'a stored value cannot be read; the contact is not verified'

/** What the gate needs for all members. Nothing in it is held, named or moved. */
async function gateContext(
  tx: Queryable,
  { connection: { connectionId }, crm }: Pick<SyncSession, 'connection' | 'crm'>,
  run: SendoutRun,
  batch: BatchView,
  { mustBeFresh }: Pick<GateContext, 'mustBeFresh'>,
): Promise<GateContext> {
  return {
    run,
    batch,
    capabilities: crm?.capabilities ?? null,
    ...(await waitingDeniesOf(tx, connectionId)),
    heldAddresses: new Set(),
    namedAt: () => [],
    currentAddressOf: new Map(),
    mustBeFresh,
    firstVersion: crm?.client.firstVersion ?? null,
    basisMapping: basisMappingOf(crm, batch.connection),
  }
}

/** The gate needs at most one of the account's categories. */
function cellsThatMatter({ categoryId }: SendoutRun): readonly CellKey[] {
  return [...PURPOSES, ...(categoryId === null ? [] : [categoryCell(categoryId)])]
}

/** Addresses that texts in eMarketeer's address fields name, as the copy holds them (rule A). */
export interface NamedViews {
  readonly addressIds: readonly number[]
  /** Addresses that one text names; none for a plain address. */
  readonly namedAt: (textId: number) => readonly AddressView[]
}

/** Loads the addresses that these texts name. A plain address names none. @param cellKeys needed cells; null: all. */
export async function loadNamed(
  db: Queryable,
  connectionId: string,
  addressIds: readonly number[],
  cellKeys: readonly CellKey[] | null,
): Promise<NamedViews> {
  const named = await namedBy(db, addressIds)
  const ids = [...new Set(named.map(({ addressId }) => addressId))]
  const views = ids.length === 0 ? [] : (await loadBatch(db, connectionId, ids, cellKeys)).addresses
  return {
    addressIds: ids,
    namedAt: (textId) => {
      const own = named.filter((one) => one.textId === textId)
      return views.filter(({ row }) => own.some(({ addressId }) => addressId === row.addressId))
    },
  }
}
