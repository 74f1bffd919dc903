import type { CellMemory, Observation } from './types.js'
import { isDeny } from './values.js'

/**
 * The records whose carried-deny mark has done its work: the observation held the mark, the record itself denies,
 * and no Allow of ours can still land on it. The caller drops those very marks in the transaction that stores the
 * plan's memory; a mark that was set after the observation was read stays.
 *
 * Without the last condition a delayed Allow lands on the record, whose version the carried deny did not move.
 *
 * @param memory What the plan stores.
 */
export function arrivedDenies<V extends string>(
  observation: Observation<V>,
  memory: CellMemory<V>,
): readonly string[] {
  return observation.records
    .filter(
      (record) =>
        record.carriedDeny && isDeny(record) && memory.openAllow[record.recordId] === undefined,
    )
    .map(({ recordId }) => recordId)
}
