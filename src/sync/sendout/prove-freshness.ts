import type { FreshnessProof } from '../../contracts/sync-activities.js'
import { countCrmRows } from '../../ledger/copy/crm-mirror-rows.js'
import type { SendoutRun } from '../../ledger/sendout/sendouts.js'
import { findConnection } from '../../ledger/connection/connections.js'
import { catchUpCrm } from '../mirror/catch-up-crm.js'
import { catchUpEmarketeer } from '../mirror/catch-up-emarketeer.js'
import type { SyncSession } from '../../connection/session.js'

/** Rows on one page of a delta. */
const DELTA_PAGE_ROWS = 5_000
/** Requests of an empty delta: one per stream. */
const IDLE_DELTA_REQUESTS = 2
/** Estimated pages of a day's changes; a sweep every half hour keeps the delta short. */
const DELTA_PAGES_PER_DAY = 48

/**
 * Chooses the proof that needs fewer requests. Pure. At equal cost it chooses the delta, because the delta also shows a
 * record whose field newly contains an address beside another one, which no reading by address finds.
 */
export function chooseProof(inputs: {
  readonly targeted: number
  readonly completeDelta: boolean
  readonly contactsPerRequest: number
  /** Age of the last complete delta, ms; null: none yet. */
  readonly deltaAgeMs: number | null
  readonly knownRows: number
}): {
  readonly proof: 'delta' | 'direct'
  readonly deltaRequests: number
  readonly directRequests: number
} {
  const directRequests = 2 * Math.max(1, Math.ceil(inputs.targeted / inputs.contactsPerRequest))
  const days = (inputs.deltaAgeMs ?? 0) / 86_400_000
  const deltaRequests =
    inputs.deltaAgeMs === null
      ? IDLE_DELTA_REQUESTS + Math.ceil(inputs.knownRows / DELTA_PAGE_ROWS)
      : IDLE_DELTA_REQUESTS + Math.floor(days * DELTA_PAGES_PER_DAY)
  const proof = inputs.completeDelta && deltaRequests <= directRequests ? 'delta' : 'direct'
  return { proof, deltaRequests, directRequests }
}

/** Chooses the proof for a run, and reads the delta if it is chosen. */
export async function proveFreshness(
  session: SyncSession,
  run: SendoutRun,
): Promise<{ readonly proof: FreshnessProof }> {
  await catchUpEmarketeer(session)
  const { crm } = session
  if (!crm) {
    return { proof: 'emarketeerOnly' }
  }
  const connection = (await findConnection(session.db, run.connectionId))!
  const { proof } = chooseProof({
    targeted: run.targeted,
    completeDelta: crm.capabilities.completeDelta && connection.state !== 'settingUp',
    contactsPerRequest: crm.capabilities.directReadContactsPerRequest,
    deltaAgeMs:
      connection.crmCursor === null || connection.crmProvenAt === null
        ? null
        : Date.now() - connection.crmProvenAt.getTime(),
    knownRows: await countCrmRows(session.db, run.connectionId),
  })
  if (proof === 'direct') {
    return { proof }
  }
  const { complete } = await catchUpCrm(session)
  await catchUpEmarketeer(session)
  return { proof: complete ? 'delta' : 'direct' }
}
