import type { CrmWrite } from '../../crm.js'
import { MAX_WRITE_PARTS } from './create-each.js'
import { MAX_UPSERT_ROWS } from './create-rows.js'

/** Writes that follow each other and go in one call. */
export interface Run {
  readonly kind: 'parts' | 'create'
  readonly writes: CrmWrite[]
}

/** Cuts the writes into calls, order kept: creates go by a message of their own. */
export function runsOf(writes: readonly CrmWrite[]): Run[] {
  const runs: Run[] = []
  for (const write of writes) {
    const kind = write.kind === 'createSubscription' ? 'create' : 'parts'
    const limit = kind === 'create' ? MAX_UPSERT_ROWS : MAX_WRITE_PARTS
    const last = runs.at(-1)
    if (last !== undefined && last.kind === kind && last.writes.length < limit) {
      last.writes.push(write)
    } else {
      runs.push({ kind, writes: [write] })
    }
  }
  return runs
}
