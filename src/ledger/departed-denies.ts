import type { Seen, SeenRecord } from '../domain/reconcile/types.js'
import type { StoredCrmContact } from './crm-mirror-rows.js'
import type { Queryable } from './database.js'

interface CellOfRecord {
  readonly addressId: number
  readonly cellKey: string
  readonly basis: string
  readonly version: number
  readonly epoch: number
  readonly seen: Seen<string> | null
}

/**
 * A record that denies leaves its address (deleted, deactivated, merged, another address) before a pass has looked at the
 * deny: it is put into the cell's last observation as a departed record, so that the rule and the send gate count it until
 * eMarketeer is withdrawn. Otherwise the remaining records would allow, and all would seem to agree.
 */
export async function keepDeniesOfDeparted(
  tx: Queryable,
  records: readonly StoredCrmContact[],
): Promise<void> {
  for (const record of records) {
    for (const [purpose, consent] of Object.entries(record.consents)) {
      const denies = consent.value === 'deny' || consent.value === 'withdrawn'
      if (denies && record.addressId !== null) {
        await keepDeny(tx, record.addressId, purpose, {
          recordId: record.crmContactId,
          value: consent.value as string,
          version: consent.version,
          want: null,
          left: true,
        })
      }
    }
  }
}

async function keepDeny(
  tx: Queryable,
  addressId: number,
  cellKey: string,
  record: SeenRecord<string>,
): Promise<void> {
  const [cell] = await tx.query<CellOfRecord>(
    `SELECT c.address_id AS "addressId", c.cell_key AS "cellKey", c.emarketeer_basis AS basis,
        c.emarketeer_version AS version, n.epoch, c.seen
      FROM cells c JOIN addresses a USING (address_id) JOIN connections n USING (connection_id)
      WHERE c.address_id = $1 AND c.cell_key = $2 FOR UPDATE OF c`,
    [addressId, cellKey],
  )
  if (!cell || cell.basis === 'withdrawn') {
    return
  }
  const known = cell.seen?.records.find((seen) => seen.recordId === record.recordId)
  if (known?.value === record.value) {
    return // A pass has seen this very deny; the rule keeps it by itself.
  }
  const seen: Seen<string> = {
    basis: (cell.seen?.basis ?? cell.basis) as Seen<string>['basis'],
    version: cell.seen?.version ?? cell.version,
    epoch: cell.seen?.epoch ?? cell.epoch,
    setUnsettled: true,
    records: [
      ...(cell.seen?.records ?? []).filter((other) => other.recordId !== record.recordId),
      record,
    ],
  }
  await tx.query(`UPDATE cells SET seen = $3 WHERE address_id = $1 AND cell_key = $2`, [
    addressId,
    cellKey,
    JSON.stringify(seen),
  ])
}
