import { categoryCell, type CellKey } from '../../domain/cell-key.js'
import type { Purpose } from '../../domain/legal-basis.js'
import {
  denyOfLeaver,
  EMPTY_MEMORY,
  isMemory,
  RICH,
  takenAlong,
  TOGGLE,
  withDeparted,
  type CellMemory,
  type LeftWith,
  type LeavingReading,
  type SeenRecord,
  type ValueKind,
} from '../../domain/reconcile/index.js'
import { carriedDeniesOf } from './carried-denies.js'
import { SEEN, WITHOUT_VALUE, type StoredValue } from './cells.js'
import { unarrivedDenies, type ArrivedVersions } from './secondary-addresses.js'
import {
  crmSubscriptionsOf,
  type StoredCrmContact,
  type StoredCrmSubscription,
} from './crm-mirror-rows.js'
import type { Transaction } from '../db/database.js'
import { isForgotten, leavingReading, leavingRowReading } from './record-reading.js'
import { saveTaken, type Taken } from './taken-along.js'

/** A live record that leaves an address because it was deleted, deactivated, merged or given another address. */
export interface LeavingContact {
  /** The record in the copy, at its primary address. */
  readonly before: StoredCrmContact
  /**
   * The record in the reading that found it gone: a deny and the deactivation may come in one reading. null:
   * unreadable.
   */
  readonly now: StoredCrmContact | null
  /** Secondary addresses that it leaves, with the withdrawals that eMarketeer has taken over there (C5). */
  readonly secondary: readonly { readonly addressId: number; readonly arrived: ArrivedVersions }[]
  readonly leavesPrimary: boolean
}

/** A subscription row that leaves an address because it was deleted or moved to another contact. */
export interface LeavingRow {
  readonly addressId: number
  readonly row: StoredCrmSubscription
}

/** A deny that stays behind at an address. */
export interface DepartedDeny {
  readonly addressId: number
  readonly cellKey: CellKey
  readonly record: SeenRecord<StoredValue>
}

interface StoredCell extends CellMemory<StoredValue> {
  readonly addressId: number
  readonly cellKey: CellKey
}

/**
 * Notes records that leave their addresses. A deny stays behind as a departed deny if no pass has seen it, or if our
 * write may have overwritten it (R0). The rule and the send gate count it until eMarketeer is withdrawn. Otherwise the
 * remaining records would allow, and both sides would seem to agree. The records take along what passes have seen of
 * them, for our writes in progress.
 * @returns the denies that stay behind.
 */
export async function noteLeaving(
  tx: Transaction,
  connectionId: string,
  contacts: readonly LeavingContact[],
): Promise<readonly DepartedDeny[]> {
  if (contacts.length === 0) {
    return []
  }
  const ids = contacts.map(({ before }) => before.crmContactId)
  const rows = await crmSubscriptionsOf(tx, connectionId, ids)
  const carried = new Set(
    (await carriedDeniesOf(tx, connectionId, ids)).map((d) => `${d.crmContactId} ${d.cellKey}`),
  )
  const epoch = await epochOf(tx, connectionId)
  const cells = await lockCells(
    tx,
    contacts.flatMap(({ before, secondary }) => [
      before.addressId,
      ...secondary.map(({ addressId }) => addressId),
    ]),
  )
  const denies: DepartedDeny[] = []
  const taken: Taken[] = []
  for (const leaving of contacts) {
    const { before, secondary, leavesPrimary } = leaving
    for (const purpose of purposesOf(leaving)) {
      const marked = {
        carriedDeny: carried.has(`${before.crmContactId} ${purpose}`),
        forgotten: isForgotten(before, epoch),
      }
      const readings = readingsOf(leaving, purpose).map((reading) => ({ ...reading, ...marked }))
      const home = cells.get(`${before.addressId} ${purpose}`) ?? EMPTY_MEMORY
      if (readings.length === 0) {
        continue
      }
      if (leavesPrimary && before.addressId !== null) {
        const from = before.addressId
        const deny = denyOfLeaver(readings, home, kindOf(readings, home), epoch)
        denies.push(...at(from, purpose, deny))
        taken.push(...along(takenAlong(readings, home), { of: 'contact', cellKey: purpose, from }))
      }
      for (const { addressId, arrived } of secondary) {
        denies.push(
          ...at(
            addressId,
            purpose,
            denyOfHolder(leaving, purpose, readings, { home, arrived, epoch }),
          ),
        )
      }
    }
    if (leavesPrimary && before.addressId !== null) {
      const own = rows.filter((row) => row.crmContactId === before.crmContactId)
      const left = rowsLeaving(
        own.map((row) => ({ addressId: before.addressId!, row })),
        cells,
        epoch,
        carried,
      )
      denies.push(...left.denies)
      taken.push(...left.taken)
    }
  }
  await saveTaken(tx, connectionId, taken)
  await saveDeparted(tx, cells, denies)
  return denies
}

/** Notes subscription rows that leave. A No that no pass has seen stays behind (F5). */
export async function noteLeavingRows(
  tx: Transaction,
  connectionId: string,
  rows: readonly LeavingRow[],
): Promise<void> {
  if (rows.length === 0) {
    return
  }
  const cells = await lockCells(
    tx,
    rows.map((row) => row.addressId),
  )
  const epoch = await epochOf(tx, connectionId)
  // A carried deny stays with the contact.
  const { denies, taken } = rowsLeaving(rows, cells, epoch, new Set())
  await saveTaken(tx, connectionId, taken)
  await saveDeparted(tx, cells, denies)
}

/** Notes the denies of records in doubt at their secondary addresses. */
export async function noteDepartedDenies(
  tx: Transaction,
  denies: readonly DepartedDeny[],
): Promise<void> {
  if (denies.length > 0) {
    const cells = await lockCells(
      tx,
      denies.map((deny) => deny.addressId),
    )
    await saveDeparted(tx, cells, denies)
  }
}

function rowsLeaving(
  leaving: readonly LeavingRow[],
  cells: ReadonlyMap<string, StoredCell>,
  epoch: number,
  carried: ReadonlySet<string>,
): { readonly denies: readonly DepartedDeny[]; readonly taken: readonly Taken[] } {
  const denies: DepartedDeny[] = []
  const taken: Taken[] = []
  for (const { addressId, row } of leaving) {
    if (row.categoryId === null) {
      continue
    }
    const cellKey = categoryCell(row.categoryId)
    const carriedDeny = carried.has(`${row.crmContactId} ${cellKey}`)
    const readings = [{ ...leavingRowReading(row), carriedDeny }]
    const memory = cells.get(`${addressId} ${cellKey}`) ?? EMPTY_MEMORY
    denies.push(...at(addressId, cellKey, denyOfLeaver(readings, memory, TOGGLE as Kind, epoch)))
    taken.push(...along(takenAlong(readings, memory), { of: 'row', cellKey, from: addressId }))
  }
  return { denies, taken }
}

/** The readings of the record before it left and when it was found gone. */
function readingsOf(
  { before, now }: LeavingContact,
  purpose: Purpose,
): readonly LeavingReading<StoredValue>[] {
  return [before, now].flatMap((contact) => {
    const reading = contact && leavingReading(contact, purpose)
    return reading ? [{ ...reading, leftWith: before.leftWith?.[purpose] ?? null }] : []
  })
}

function purposesOf({ before, now }: LeavingContact): readonly Purpose[] {
  return [
    ...new Set([...Object.keys(before.consents), ...Object.keys(now?.consents ?? {})]),
  ] as Purpose[]
}

/**
 * The deny at a secondary address: a withdrawal by someone other than us that eMarketeer has not taken over there, or a
 * deny that our write may have overwritten. Our own withdrawal is not passed on (C5).
 */
function denyOfHolder(
  { before, now }: LeavingContact,
  purpose: Purpose,
  readings: readonly LeavingReading<StoredValue>[],
  known: {
    readonly home: CellMemory<StoredValue>
    readonly arrived: ArrivedVersions
    readonly epoch: number
  },
): SeenRecord<StoredValue> | null {
  const holder = [before, now].findLast(
    (contact) => contact && unarrivedDenies(contact.consents, known.arrived).includes(purpose),
  )
  if (holder) {
    const { crmContactId: recordId, consents } = holder
    const { value, version } = consents[purpose]!
    return { recordId, value: value!, version, want: null, left: true }
  }
  const silent = readings.filter(({ value }) => value !== RICH.deny)
  const isOurs = silent.length === 0 || readings.at(-1)!.value === RICH.deny
  return isOurs ? null : denyOfLeaver(silent, known.home, kindOf(readings, known.home), known.epoch)
}

type Kind = ValueKind<StoredValue>

function kindOf(
  readings: readonly LeavingReading<StoredValue>[],
  memory: CellMemory<StoredValue>,
): Kind {
  const known = [...readings, ...((isMemory(memory) ? memory.seen?.records : null) ?? [])]
  const isToggle = known.some(({ value }) => value === 'allow' || value === 'deny')
  return (isToggle ? TOGGLE : RICH) as Kind
}

function along(
  left: LeftWith<StoredValue> | null,
  place: Pick<Taken, 'of' | 'cellKey' | 'from'>,
): readonly Taken[] {
  return left === null ? [] : [{ ...left, ...place }]
}

function at(
  addressId: number,
  cellKey: CellKey,
  record: SeenRecord<StoredValue> | null,
): readonly DepartedDeny[] {
  return record === null ? [] : [{ addressId, cellKey, record }]
}

async function epochOf(tx: Transaction, connectionId: string): Promise<number> {
  const [row] = await tx.query<{ epoch: number }>(
    `SELECT epoch FROM connections WHERE connection_id = $1`,
    [connectionId],
  )
  return row!.epoch
}

/** Locks cells in address order, so that a pass stores its observation either before or after. */
async function lockCells(
  tx: Transaction,
  addressIds: readonly (number | null)[],
): Promise<ReadonlyMap<string, StoredCell>> {
  const cells = await tx.query<StoredCell>(
    `SELECT address_id AS "addressId", cell_key AS "cellKey", ${SEEN}, open_allow AS "openAllow",
        open_loosen AS "openLoosen", departed
      FROM cells WHERE address_id = ANY($1) ORDER BY address_id, cell_key FOR UPDATE`,
    [[...new Set(addressIds)]],
  )
  return new Map(cells.map((cell) => [`${cell.addressId} ${cell.cellKey}`, cell]))
}

/** The departed denies of one cell. */
interface CellDenies {
  readonly addressId: number
  readonly cellKey: CellKey
  readonly records: readonly SeenRecord<StoredValue>[]
}

/**
 * Stores denies in their cells. Where eMarketeer has known the address, but no state of it has been read since, there is
 * no cell yet: it is made.
 */
async function saveDeparted(
  tx: Transaction,
  cells: ReadonlyMap<string, StoredCell>,
  denies: readonly DepartedDeny[],
): Promise<void> {
  const stored = new Map<string, CellDenies>()
  const absent = new Map<string, CellDenies>()
  for (const { addressId, cellKey, record } of denies) {
    const key = `${addressId} ${cellKey}`
    const cell = cells.get(key)
    const of = cell ? stored : absent
    const known = of.get(key)?.records ?? cell?.departed ?? []
    // What is malformed may hide another deny, and stays as it is: the gate verifies nobody by it.
    if (isMemory({ ...EMPTY_MEMORY, departed: known })) {
      of.set(key, { addressId, cellKey, records: withDeparted(known, record) })
    }
  }
  if (stored.size > 0) {
    await tx.query(
      `UPDATE cells c SET departed = u.departed, departures = departures + 1
        FROM ${UNNEST} WHERE c.address_id = u.address_id AND c.cell_key = u.cell_key`,
      columnsOf([...stored.values()]),
    )
  }
  if (absent.size > 0) {
    // A cell that another transaction makes meanwhile is not locked: what it noted stays.
    await tx.query(
      `INSERT INTO cells (address_id, cell_key, emarketeer_basis, emarketeer_version, departed, departures)
        SELECT address_id, u.cell_key, 'none', ${WITHOUT_VALUE}, u.departed, 1
        FROM ${UNNEST} JOIN addresses a USING (address_id) WHERE a.ever_in_emarketeer ORDER BY 1, 2
        ON CONFLICT (address_id, cell_key) DO UPDATE
          SET departed = cells.departed || excluded.departed, departures = cells.departures + 1`,
      columnsOf([...absent.values()]),
    )
  }
}

const UNNEST = `unnest($1::bigint[], $2::text[], $3::jsonb[]) AS u(address_id, cell_key, departed)`

function columnsOf(cells: readonly CellDenies[]) {
  return [
    cells.map(({ addressId }) => addressId),
    cells.map(({ cellKey }) => cellKey),
    cells.map(({ records }) => JSON.stringify(records)),
  ]
}
