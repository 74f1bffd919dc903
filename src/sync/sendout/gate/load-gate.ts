import { waitingDeniesOf } from '../../../ledger/run/inbox.js'
import { addressesOfContacts } from '../../../ledger/copy/emarketeer-mirror.js'
import { addressesHeldOverDeny } from '../../../ledger/run/runs.js'
import type { SendoutMember } from '../../../ledger/sendout/sendout-members.js'
import type { SendoutRun, Verdict } from '../../../ledger/sendout/sendouts.js'
import { categoryCell, type CellKey } from '../../../domain/cell-key.js'
import { PURPOSES } from '../../../domain/legal-basis.js'
import { excludedBecause } from '../../../domain/send-gate.js'
import { basisMappingOf } from '../../../connection/basis-mapping.js'
import { loadBatch, type AddressView } from '../../view/address-view.js'
import type { SyncSession } from '../../../connection/session.js'
import { gateFactsOf } from './gate-facts.js'
import type { GateContext } from './gate-crm.js'
import { namedBy } from '../../../ledger/copy/address-mentions.js'
import type { Queryable } from '../../../ledger/db/database.js'

/** Decides members by the present copy. @param members at most 1,000. */
export async function judgeMembers(
  session: SyncSession,
  run: SendoutRun,
  members: readonly SendoutMember[],
  { mustBeFresh }: Pick<GateContext, 'mustBeFresh'>,
): Promise<{ readonly position: number; readonly verdict: Verdict }[]> {
  const { connectionId } = session.connection
  const addressIds = [...new Set(members.map((m) => m.addressId).filter((id) => id !== null))]
  // Everything is read in one snapshot, so that a deny that moves from the inbox into the copy is seen in one of the
  // two.
  const context = await session.db.snapshot(async (tx): Promise<GateContext> => {
    const cellKeys = cellsThatMatter(run)
    const batch = await loadBatch(tx, connectionId, addressIds, cellKeys)
    const named = await loadNamed(tx, connectionId, addressIds, cellKeys)
    return {
      run,
      batch,
      capabilities: session.crm?.capabilities ?? null,
      ...(await waitingDeniesOf(tx, connectionId)),
      heldAddresses: await addressesHeldOverDeny(tx, [...addressIds, ...named.addressIds]),
      namedAt: named.namedAt,
      currentAddressOf: await addressesOfContacts(
        tx,
        connectionId,
        members.map(({ contactId }) => contactId),
      ),
      mustBeFresh,
      firstVersion: session.crm?.client.firstVersion ?? null,
      basisMapping: basisMappingOf(session.crm, batch.connection),
    }
  })
  const { batch } = context
  const views = new Map(batch.addresses.map((view) => [view.row.addressId, view]))
  return members.map((member) => {
    const view = member.addressId === null ? undefined : views.get(member.addressId)
    const verdict = excludedBecause(gateFactsOf(context, member, view)) ?? 'eligible'
    return { position: member.position, verdict }
  })
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
