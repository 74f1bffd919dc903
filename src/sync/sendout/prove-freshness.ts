import type { FreshnessProof } from '../../contracts/sync-activities.js'
import { countOpenAddresses } from '../../ledger/sendout/open-members.js'
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

/** What the choice of a proof depends on. */
interface ProofInputs {
  readonly targeted: number
  readonly completeDelta: boolean
  readonly contactsPerRequest: number
  /** Age of the last complete delta, ms; null: there is none, so everything would be listed. */
  readonly deltaAgeMs: number | null
}

/** Most rows that can be listed with no more requests than reading the targeted contacts directly takes. Pure. */
export function rowsWorthListing(inputs: ProofInputs): number {
  return (directRequestsOf(inputs) - IDLE_DELTA_REQUESTS) * DELTA_PAGE_ROWS
}

/**
 * Chooses the proof that needs fewer requests. Pure. At equal cost it chooses the delta, because the delta also shows a
 * record whose field newly contains an address beside another one, which no reading by address finds.
 * @param knownRows the CRM's rows in the copy. It matters only without a complete delta, and only whether it exceeds
 *   {@link rowsWorthListing}.
 */
export function chooseProof(
  inputs: ProofInputs,
  knownRows: number,
): {
  readonly proof: 'delta' | 'direct'
  readonly deltaRequests: number
  readonly directRequests: number
} {
  const directRequests = directRequestsOf(inputs)
  const days = (inputs.deltaAgeMs ?? 0) / 86_400_000
  const deltaRequests =
    inputs.deltaAgeMs === null
      ? IDLE_DELTA_REQUESTS + Math.ceil(knownRows / DELTA_PAGE_ROWS)
      : IDLE_DELTA_REQUESTS + Math.floor(days * DELTA_PAGES_PER_DAY)
  const proof = inputs.completeDelta && deltaRequests <= directRequests ? 'delta' : 'direct'
  return { proof, deltaRequests, directRequests }
}

function directRequestsOf({ targeted, contactsPerRequest }: ProofInputs): number {
  return 2 * Math.max(1, Math.ceil(targeted / contactsPerRequest))
}

/** How freshness was proven, and how much there is to sync. */
export interface Proven {
  readonly proof: FreshnessProof
  /**
   * Addresses of the connection that need a pass or a reading: no more of the members can. null: each member is to be
   * read, or too many are open to be counted.
   */
  readonly open: number | null
}

/** Chooses the proof for a run, and reads the delta if it is chosen. */
export async function proveFreshness(session: SyncSession, run: SendoutRun): Promise<Proven> {
  const proof = await prove(session, run)
  const open = proof === 'direct' ? null : await countOpenAddresses(session.db, run.connectionId)
  return { proof, open }
}

async function prove(session: SyncSession, run: SendoutRun): Promise<FreshnessProof> {
  await catchUpEmarketeer(session)
  const { crm } = session
  if (!crm) {
    return 'emarketeerOnly'
  }
  const connection = (await findConnection(session.db, run.connectionId))!
  const inputs = {
    targeted: run.targeted,
    completeDelta: crm.capabilities.completeDelta && connection.state !== 'settingUp',
    contactsPerRequest: crm.capabilities.directReadContactsPerRequest,
    deltaAgeMs:
      connection.crmCursor === null || connection.crmProvenAt === null
        ? null
        : Date.now() - connection.crmProvenAt.getTime(),
  }
  const lists = inputs.completeDelta && inputs.deltaAgeMs === null
  const knownRows = lists
    ? await countCrmRows(session.db, run.connectionId, rowsWorthListing(inputs) + 1)
    : 0
  const { proof } = chooseProof(inputs, knownRows)
  if (proof === 'direct') {
    return proof
  }
  const { complete } = await catchUpCrm(session)
  await catchUpEmarketeer(session)
  return complete ? 'delta' : 'direct'
}
