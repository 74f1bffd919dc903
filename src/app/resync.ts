import { PRIORITY, QUEUES, workflowIds } from '../contracts/names.js'
import type { WorkReport } from '../contracts/work-report.js'
import type { TemporalClient } from '../config/temporal/temporal.js'
import { type Progress, awaitResult } from './await-result.js'
import { startOrJoin } from '../client/start-or-join.js'
import { AppError } from '../contracts/app-error.js'
import { addressOrText } from '../domain/email-address.js'
import { findAddresses } from '../ledger/address/addresses.js'
import { addressesOfCrmContacts } from '../ledger/copy/crm-mirror-rows.js'
import type { Queryable } from '../ledger/db/database.js'
import { addressesOfEmarketeerContacts } from '../ledger/copy/emarketeer-mirror.js'

/** A resync that has ended. */
export interface Resynced {
  readonly workflowId: string
  readonly report: WorkReport
}

/** What to read and decide again. People are named by their ledger ids only. */
export interface ResyncRequest {
  readonly connectionId: string
  /** null: everybody who is linked. */
  readonly addressIds: readonly number[] | null
  readonly dryRun: boolean
}

/** Starts a resync and waits for it. */
export async function runResync(
  temporal: TemporalClient,
  request: ResyncRequest,
  progress: Progress,
): Promise<Resynced> {
  const { connectionId } = request
  // A colon would have to be escaped in the addresses of Temporal's UI.
  const suffix = new Date().toISOString().replace(/[:.]/g, '-')
  const run = await startOrJoin(temporal.client, {
    type: 'resync',
    workflowId: workflowIds.resync(connectionId, suffix),
    queue: QUEUES.sweep,
    input: request,
    priorityKey: PRIORITY.setup,
    connectionId,
    summary: `${request.dryRun ? 'Rehearsal' : 'Resync'} of ${connectionId}`,
  })
  const result = await awaitResult<WorkReport>({ temporal, run, queue: QUEUES.sweep, progress })
  const { requests, writes, addresses, decisions, held } = result
  return {
    workflowId: run.workflowId,
    report: { requests, writes, addresses, decisions, held },
  }
}

/** To resync more contacts, name none: then all are resynced. */
const MAX_CONTACTS = 1_000

/**
 * Finds the ledger ids of the addresses of contacts named by e-mail address, eMarketeer contact id or CRM contact id.
 * @throws AppError `contact_not_found` for the first unknown one, whose id is in the error but not its address;
 * `too_many_contact_ids`.
 */
export async function findContacts(
  db: Queryable,
  connectionId: string,
  contacts: readonly string[],
): Promise<readonly number[]> {
  if (contacts.length > MAX_CONTACTS) {
    throw new AppError(
      'too_many_contact_ids',
      `${contacts.length} contacts are named; at most ${MAX_CONTACTS} are accepted.`,
      { path: '--contact', value: String(contacts.length) },
    )
  }
  const ids = new Set<number>()
  for (const contact of contacts) {
    const found = await find(db, connectionId, contact)
    if (found.length === 0) {
      const named = contact.includes('@') ? 'this address' : `the id ${contact.slice(0, 60)}`
      throw new AppError(
        'contact_not_found',
        `Connection ${connectionId} knows nobody by ${named}.`,
        {
          path: '--contact',
          value: contact.includes('@') ? '***@***' : contact.slice(0, 60),
        },
      )
    }
    found.forEach((id) => ids.add(id))
  }
  return [...ids]
}

async function find(
  db: Queryable,
  connectionId: string,
  contact: string,
): Promise<readonly number[]> {
  if (contact.includes('@')) {
    const address = addressOrText(contact)
    const found = await findAddresses(db, connectionId, address === null ? [] : [address])
    return [...found.values()]
  }
  const inEmarketeer = await addressesOfEmarketeerContacts(db, connectionId, [contact])
  // Dataverse's ids are lower case, but a pasted id may not be.
  const inCrm = await addressesOfCrmContacts(db, connectionId, [contact, contact.toLowerCase()])
  return [...inEmarketeer, ...inCrm]
}
