import { withoutProof } from './compare.js'
import { hasInheritedDeny } from './departed.js'
import {
  EMPTY_MEMORY,
  type CellMemory,
  type Decision,
  type Observation,
  type Plan,
} from './types.js'
import type { ValueKind } from './values.js'

/**
 * A withdrawal of a record at its secondary address (C5), or of one that has left an address without records (F5): eMarketeer
 * follows it, and the record stays as it is. Pure.
 *
 * @param observation of the records that have the address as a further one, as long as they deny; or of none.
 */
export function decideForHolders<V>(
  observation: Observation<V>,
  memory: CellMemory<V>,
): Decision<V> {
  const { basis } = observation.emarketeer
  return {
    line: basis === 'withdrawn' ? 'R1' : basis === 'none' ? 'R2' : 'R3',
    emarketeerTarget: 'withdrawn',
    recordTargets: [],
    inputs: withoutProof(observation, memory, true),
    unmapped: [],
    wantsStamp: false,
    ambiguous: false,
  }
}

/** The one write that follows; what was observed while the address had records of its own stays as it was. */
export function planForHolders<V>(
  observation: Observation<V>,
  memory: CellMemory<V>,
  kind: ValueKind<V>,
): Plan<V> {
  const { basis, version } = observation.emarketeer
  if (basis === 'withdrawn') {
    const openLoosen = memory.openLoosen === version ? version : null
    // What left its deny here has told it; should a record come back, the link starts afresh.
    const told = openLoosen === null && hasInheritedDeny(observation, memory, kind)
    const { seen, departed } = told ? EMPTY_MEMORY : memory
    return { memory: { ...memory, openLoosen, seen, departed }, writes: [] }
  }
  return {
    memory,
    writes: [{ side: 'emarketeer', value: 'withdrawn', expectedVersion: version, loosens: false }],
  }
}
