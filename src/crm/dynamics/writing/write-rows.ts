import type { CallContext } from '../../../http/index.js'
import type { CrmWrite, CrmWriteOutcome } from '../../crm.js'
import type { DynamicsFacts } from '../facts.js'
import type { ChangeSource } from '../reading/changes.js'
import { fillVersions } from './fill-versions.js'
import { runsOf } from './runs.js'
import { writeCreates } from './write-creates.js'
import { type RowWrite, partRequest } from './part-requests.js'
import { sendParts, type WritePart } from './send-parts.js'
import type { CreateWrite } from './row-to-create.js'

/** Outcomes in the order of the writes, and why nothing more is to be sent. */
export interface Written {
  readonly outcomes: readonly CrmWriteOutcome[]
  readonly stop: Error | null
}

/**
 * Writes in the order given, one outcome a write (rule F1). When a call fails as a whole, what comes after it is not
 * sent: the order is the caller's, tightening first, and a throttled or broken service is not to be pressed on.
 */
export async function writeRows(
  source: ChangeSource,
  facts: DynamicsFacts,
  writes: readonly CrmWrite[],
  context: CallContext,
): Promise<readonly CrmWriteOutcome[]> {
  const outcomes: CrmWriteOutcome[] = []
  let stop: Error | null = null
  for (const run of runsOf(writes)) {
    if (stop !== null) {
      const error: Error = stop
      outcomes.push(...run.writes.map(() => ({ status: 'notSent', error }) as const))
      continue
    }
    const written: Written =
      run.kind === 'create'
        ? await writeCreates(source, facts, run.writes as CreateWrite[], context)
        : await writeParts(source, run.writes as RowWrite[], context)
    outcomes.push(...written.outcomes)
    stop = written.stop
  }
  return fillVersions(source, writes, outcomes, context)
}

async function writeParts(
  source: ChangeSource,
  writes: readonly RowWrite[],
  context: CallContext,
): Promise<Written> {
  const table = source.tables?.subscriptions ?? null
  const outcomes: CrmWriteOutcome[] = writes.map(() => ({ status: 'refused', upstreamCode: null }))
  const parts: WritePart[] = []
  const positions: number[] = []
  for (const [position, write] of writes.entries()) {
    const request = partRequest(write, table)
    if (request !== null) {
      parts.push({ request, primaryId: table?.primaryId ?? '' })
      positions.push(position)
    }
  }
  if (parts.length === 0) {
    return { outcomes, stop: null }
  }
  const sent = await sendParts(source.client, parts, context)
  for (const [at, position] of positions.entries()) {
    const outcome = sent.outcomes[at]
    if (outcome !== undefined) {
      outcomes[position] = named(outcome, writes[position])
    }
  }
  return { outcomes, stop: sent.stop }
}

/** A write of a subscription row names its row even where the answer does not; a consent has none. */
function named(outcome: CrmWriteOutcome, write: RowWrite | undefined): CrmWriteOutcome {
  if (outcome.status !== 'applied') {
    return outcome
  }
  return { ...outcome, rowId: write?.kind === 'consent' ? null : (write?.rowId ?? outcome.rowId) }
}
