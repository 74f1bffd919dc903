import { type CallContext, UpstreamError } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'

/** A table as it is read. */
export interface TrackedSet {
  readonly name: string
  readonly primaryId: string
}

/**
 * Whether a tracked read is accepted: the one proof that change tracking is on and published, asked for one row only.
 * Where reading is not allowed nothing is to be learned, and the definition is believed.
 *
 * @throws UpstreamError
 */
export async function givesChanges(
  client: DataverseClient,
  set: TrackedSet,
  context: CallContext,
): Promise<boolean> {
  try {
    await client.text(
      {
        method: 'GET',
        path: `${set.name}?$select=${set.primaryId}`,
        operation: `GET /${set.name}`,
        name: 'setup.look',
        effect: 'read',
        headers: { prefer: 'odata.track-changes,odata.maxpagesize=1' },
      },
      context,
    )
    return true
  } catch (error) {
    if (error instanceof UpstreamError && error.status === 403) {
      return true
    }
    if (error instanceof UpstreamError && error.code === 'upstream_refused') {
      return false
    }
    throw error
  }
}
