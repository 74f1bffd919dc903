import type { ClockMeasurement, MeasuredClock } from '../../domain/clock.js'
import {
  learnFrom,
  NOTHING_LEARNED,
  type UpdateLesson,
  type WriteCounting,
} from '../../domain/write-counting.js'
import type { Database, Queryable, Transaction } from '../db/database.js'

/** What the service has learned about a CRM's times (docs/reconciliation.md, "Stamps of SuperOffice"). */
export interface CrmTimes {
  readonly counting: WriteCounting
  /** Start of the current verdict on counting; null: none. */
  readonly countingSince: Date | null
  /** The version after our insert; null: unknown, or it varies. */
  readonly firstVersion: number | null
  readonly crm: MeasuredClock
  readonly emarketeer: MeasuredClock
}

/** The times of a connection that has learned nothing. */
export const NO_TIMES: CrmTimes = {
  counting: NOTHING_LEARNED,
  countingSince: null,
  firstVersion: null,
  crm: { byWrite: null, byDate: null },
  emarketeer: { byWrite: null, byDate: null },
}

interface TimesRow {
  readonly verdict: WriteCounting['verdict']
  readonly countingSince: Date | null
  readonly oddRecordIds: readonly string[]
  readonly exactInARow: number
  readonly firstVersions: readonly number[]
  readonly crmByWrite: ClockMeasurement | null
  readonly crmByDate: ClockMeasurement | null
  readonly emarketeerByWrite: ClockMeasurement | null
  readonly emarketeerByDate: ClockMeasurement | null
}

const COLUMNS = `counting AS verdict, counting_since AS "countingSince", odd_record_ids AS "oddRecordIds",
  exact_in_a_row AS "exactInARow", first_versions AS "firstVersions", crm_by_write AS "crmByWrite",
  crm_by_date AS "crmByDate", emarketeer_by_write AS "emarketeerByWrite", emarketeer_by_date AS "emarketeerByDate"`

export async function crmTimesOf(db: Queryable, connectionId: string): Promise<CrmTimes> {
  const [row] = await db.query<TimesRow>(
    `SELECT ${COLUMNS} FROM crm_times WHERE connection_id = $1`,
    [connectionId],
  )
  return row === undefined ? NO_TIMES : toTimes(row)
}

function toTimes(row: TimesRow): CrmTimes {
  const [firstVersion, another] = row.firstVersions
  return {
    counting: countingOf(row),
    countingSince: row.countingSince,
    firstVersion: another === undefined ? (firstVersion ?? null) : null,
    crm: { byWrite: row.crmByWrite, byDate: row.crmByDate },
    emarketeer: { byWrite: row.emarketeerByWrite, byDate: row.emarketeerByDate },
  }
}

function countingOf({ verdict, oddRecordIds, exactInARow }: TimesRow): WriteCounting {
  return { verdict, oddRecordIds, exactInARow }
}

/** Lessons from our own writes, oldest first. */
export interface WriteLessons {
  readonly updates: readonly UpdateLesson[]
  /** Versions after our inserts. */
  readonly inserted: readonly number[]
}

/** Stores the lessons of a group of writes. Groups of one connection are stored one after another. */
export async function learnCounting(
  db: Database,
  connectionId: string,
  { updates, inserted }: WriteLessons,
): Promise<void> {
  await db.transaction(async (tx) => {
    await ensureRow(tx, connectionId)
    const [row] = await tx.query<TimesRow>(
      `SELECT ${COLUMNS} FROM crm_times WHERE connection_id = $1 FOR UPDATE`,
      [connectionId],
    )
    const before = countingOf(row!)
    const after = updates.reduce(learnFrom, before)
    const firstVersions = [...new Set([...row!.firstVersions, ...inserted])].sort((a, b) => a - b)
    await tx.query(
      `UPDATE crm_times SET counting = $2, odd_record_ids = $3, exact_in_a_row = $4, first_versions = $5,
          counting_since = CASE WHEN counting = $2 THEN counting_since ELSE clock_timestamp() END
        WHERE connection_id = $1 AND (counting, odd_record_ids, exact_in_a_row, first_versions)
          IS DISTINCT FROM ($2::text, $3::text[], $4::integer, $5::integer[])`,
      [connectionId, after.verdict, after.oddRecordIds, after.exactInARow, firstVersions],
    )
  })
}

/** A measurement of a clock, by its source. */
export type MeasuredBy = 'crmByWrite' | 'crmByDate' | 'emarketeerByDate'

const COLUMN_OF: Readonly<Record<MeasuredBy, string>> = {
  crmByWrite: 'crm_by_write',
  crmByDate: 'crm_by_date',
  emarketeerByDate: 'emarketeer_by_date',
}

/** Stores how far a clock is ahead of ours; replaces the older measurement. */
export async function saveMeasurement(
  db: Queryable,
  connectionId: string,
  by: MeasuredBy,
  measurement: ClockMeasurement,
): Promise<void> {
  await db.query(
    `INSERT INTO crm_times (connection_id, ${COLUMN_OF[by]}) VALUES ($1, $2)
      ON CONFLICT (connection_id) DO UPDATE SET ${COLUMN_OF[by]} = excluded.${COLUMN_OF[by]}`,
    [connectionId, JSON.stringify(measurement)],
  )
}

/** Our last write to eMarketeer, by our clock, until the feed shows its recording time. */
export interface EmarketeerProbe {
  readonly changeId: string
  readonly sentAtMs: number
  readonly answeredAtMs: number
}

export async function saveProbe(
  db: Queryable,
  connectionId: string,
  probe: EmarketeerProbe,
): Promise<void> {
  await db.query(
    `INSERT INTO crm_times (connection_id, emarketeer_probe) VALUES ($1, $2)
      ON CONFLICT (connection_id) DO UPDATE SET emarketeer_probe = excluded.emarketeer_probe`,
    [connectionId, JSON.stringify(probe)],
  )
}

/** The write that waits for its recording time, or null. */
export async function probeOf(
  db: Queryable,
  connectionId: string,
): Promise<EmarketeerProbe | null> {
  const [row] = await db.query<{ probe: EmarketeerProbe | null }>(
    `SELECT emarketeer_probe AS probe FROM crm_times WHERE connection_id = $1`,
    [connectionId],
  )
  return row?.probe ?? null
}

/** Stores that write's measurement of eMarketeer's clock, unless a newer write is waiting. */
export async function settleProbe(
  db: Queryable,
  connectionId: string,
  { changeId }: EmarketeerProbe,
  measurement: ClockMeasurement,
): Promise<void> {
  await db.query(
    `UPDATE crm_times SET emarketeer_by_write = $3, emarketeer_probe = NULL
      WHERE connection_id = $1 AND emarketeer_probe ->> 'changeId' = $2`,
    [connectionId, changeId, JSON.stringify(measurement)],
  )
}

async function ensureRow(tx: Transaction, connectionId: string): Promise<void> {
  await tx.query(`INSERT INTO crm_times (connection_id) VALUES ($1) ON CONFLICT DO NOTHING`, [
    connectionId,
  ])
}
