import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { CrmWrite, CrmWriteOutcome } from '../../crm.js'
import type { ChangeSource } from '../reading/changes.js'
import { directRead, MAX_DIRECT_READ } from '../reading/direct-read.js'

/**
 * Fills in the versions of consents that were applied without one (a 204), by one direct read. A version is taken
 * only where the record still holds what was written: with another value somebody acted since, and it proves nothing.
 */
export async function fillVersions(
  source: ChangeSource,
  writes: readonly CrmWrite[],
  outcomes: readonly CrmWriteOutcome[],
  context: CallContext,
): Promise<readonly CrmWriteOutcome[]> {
  const contactIds = writes.flatMap((write, at) => {
    const outcome = outcomes[at]
    const unproven = outcome?.status === 'applied' && outcome.version === null
    return unproven && write.kind === 'consent' ? [write.contactId] : []
  })
  if (contactIds.length === 0 || contactIds.length > MAX_DIRECT_READ) {
    return outcomes
  }
  const versions = await readVersions(source, contactIds, context)
  return outcomes.map((outcome, at): CrmWriteOutcome => {
    const write = writes[at]
    if (outcome.status !== 'applied' || outcome.version !== null || write?.kind !== 'consent') {
      return outcome
    }
    const read = versions.get(write.contactId.toLowerCase())
    return read?.value === write.value ? { ...outcome, version: read.version } : outcome
  })
}

/** The writes are done whatever happens here, so that a failing read only leaves the versions open. */
async function readVersions(source: ChangeSource, contactIds: string[], context: CallContext) {
  try {
    const withoutRows = { ...source, tables: null }
    const reading = await directRead(withoutRows, { by: 'contactId', contactIds }, context)
    return new Map(
      reading.contacts.flatMap(({ contactId, consents: { marketingSendouts } }) =>
        marketingSendouts === undefined ? [] : [[contactId, marketingSendouts] as const],
      ),
    )
  } catch (error) {
    if (error instanceof UpstreamError) {
      return new Map<string, never>()
    }
    throw error
  }
}
