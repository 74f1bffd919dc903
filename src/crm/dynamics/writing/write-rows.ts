import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { CrmWrite, CrmWriteOutcome } from '../../crm.js'
import type { DynamicsFacts, TableFacts } from '../facts.js'
import type { ChangeSource } from '../reading/changes.js'
import { sendParts, type WritePart, lostOutcome } from './send-parts.js'
import {
  MAX_CREATED_ROWS,
  createRows,
  MAX_WRITE_PARTS,
  type CreateWrite,
  type RowToCreate,
  rowToCreate,
} from './create-rows.js'
import { directRead, MAX_DIRECT_READ } from '../reading/direct-read.js'
import { API_ROOT } from '../client.js'
import type { BatchRequest } from '../wire/batch-encode.js'
import { isGuid } from '../wire/odata.js'
import type { ToggleValue } from '../../../domain/reconcile/types.js'

/** Outcomes in the order of the writes, and the reason to send nothing more. */
export interface Written {
  readonly outcomes: readonly CrmWriteOutcome[]
  readonly stop: Error | null
}

/**
 * Writes in the given order, one outcome per write (rule F1). After a call that failed completely nothing more is sent:
 * the caller put tightening writes first, and a throttled or broken service must not be pressed.
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

/** Names the row of a subscription write even if the answer does not; a consent has none. */
function named(outcome: CrmWriteOutcome, write: RowWrite | undefined): CrmWriteOutcome {
  if (outcome.status !== 'applied') {
    return outcome
  }
  return { ...outcome, rowId: write?.kind === 'consent' ? null : (write?.rowId ?? outcome.rowId) }
}

/** Consecutive writes of one call. */
export interface Run {
  readonly kind: 'parts' | 'create'
  readonly writes: CrmWrite[]
}

/** Splits the writes into calls in their order: creates have a message of their own. */
function runsOf(writes: readonly CrmWrite[]): Run[] {
  const runs: Run[] = []
  for (const write of writes) {
    const kind = write.kind === 'createSubscription' ? 'create' : 'parts'
    const limit = kind === 'create' ? MAX_CREATED_ROWS : MAX_WRITE_PARTS
    const last = runs.at(-1)
    if (last !== undefined && last.kind === kind && last.writes.length < limit) {
      last.writes.push(write)
    } else {
      runs.push({ kind, writes: [write] })
    }
  }
  return runs
}

/**
 * Adds the versions of consents that were applied without one (a 204), by one direct read. A version counts only if the
 * record still has the written value; otherwise somebody changed it since, and it proves nothing.
 */
async function fillVersions(
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

/** The writes are done in any case, so a failed read only leaves the versions unknown. */
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

/**
 * Creates rows, each key once: the same row twice fails the complete request. A second write of a key with the same
 * value shares the first one's outcome; with another value it is a conflict, to be read and decided again.
 */
async function writeCreates(
  source: ChangeSource,
  facts: DynamicsFacts,
  writes: readonly CreateWrite[],
  context: CallContext,
): Promise<{ outcomes: readonly CrmWriteOutcome[]; stop: Error | null }> {
  const { tables, categories, client } = source
  if (tables === null || categories === null) {
    return { outcomes: writes.map(() => REFUSED), stop: null }
  }
  const categoryRowIds = new Map<string, string | null>()
  try {
    for (const categoryId of new Set(writes.map((write) => write.categoryId))) {
      categoryRowIds.set(categoryId, await categories.rowIdOf(categoryId, context))
    }
  } catch (error) {
    const { error: cause } = lostOutcome(error)
    return { outcomes: writes.map(() => ({ status: 'notSent', error: cause })), stop: cause }
  }
  const prepared = writes.map((write) =>
    rowToCreate(write, tables, facts.navigation, categoryRowIds.get(write.categoryId) ?? null),
  )
  const firstByKey = new Map<string, number>()
  const rows: RowToCreate[] = []
  for (const row of prepared) {
    if (row !== null && !firstByKey.has(row.keyPath)) {
      firstByKey.set(row.keyPath, rows.length)
      rows.push(row)
    }
  }
  if (rows.length === 0) {
    return { outcomes: writes.map(() => REFUSED), stop: null }
  }
  const { setName, primaryId } = tables.subscriptions
  const created = await createRows(client, setName, primaryId, rows, context)
  const outcomes = prepared.map((row): CrmWriteOutcome => {
    const at = row === null ? undefined : firstByKey.get(row.keyPath)
    if (row === null || at === undefined) {
      return REFUSED
    }
    const same = rows[at]?.body['em_subscribed'] === row.body['em_subscribed']
    return same ? (created.outcomes[at] ?? REFUSED) : { status: 'conflict' }
  })
  return { outcomes, stop: created.stop }
}

/** Dynamics has no such category or table yet. */
const REFUSED = { status: 'refused', upstreamCode: null } as const

/** Writes of one existing row, addressed by its id and the version that was read. */
export type RowWrite = Exclude<CrmWrite, { kind: 'createSubscription' }>

/** Returns the row, so that its new version is known without another read. */
const RETURN_ROW = { Prefer: 'return=representation' }

/**
 * The `$batch` part of a write (docs/wire-dataverse.md, 6.4 and 8.2). `If-Match` with the version that was read fails a
 * PATCH of a row that moved (412) or was deleted (404); without it a PATCH would create the row.
 * @returns null for a write that cannot be expressed here (a purpose or value of another CRM, an id that is not a GUID,
 * an unknown version): it is refused, never sent.
 */
export function partRequest(write: RowWrite, table: TableFacts | null): BatchRequest | null {
  if (!/^(W\/)?"[^"\r\n]+"$/.test(write.expectedVersion)) {
    return null
  }
  const ifMatch = { 'If-Match': write.expectedVersion }
  switch (write.kind) {
    case 'consent': {
      const { value, purpose, contactId } = write
      if (
        purpose !== 'marketingSendouts' ||
        (value !== 'allow' && value !== 'deny') ||
        !isGuid(contactId)
      ) {
        return null
      }
      return {
        method: 'PATCH',
        path: `${API_ROOT}contacts(${contactId})?$select=contactid,donotbulkemail`,
        headers: { ...ifMatch, ...RETURN_ROW },
        body: contactBody(value),
      }
    }
    case 'subscription':
      return table === null || !isGuid(write.rowId)
        ? null
        : {
            method: 'PATCH',
            path: `${API_ROOT}${table.setName}(${write.rowId})?$select=${table.primaryId},em_subscribed`,
            headers: { ...ifMatch, ...RETURN_ROW },
            body: { em_subscribed: write.subscribed },
          }
    case 'deleteSubscription':
      return table === null || !isGuid(write.rowId)
        ? null
        : {
            method: 'DELETE',
            path: `${API_ROOT}${table.setName}(${write.rowId})`,
            headers: ifMatch,
          }
  }
}

/** The only body ever sent for a contact: the toggle, inverted, and no other column (rule B8). */
interface ContactBody {
  readonly donotbulkemail: boolean
}

/** `donotbulkemail` true = do not allow. */
function contactBody(value: ToggleValue): ContactBody {
  return { donotbulkemail: value === 'deny' }
}
