import { type CallContext, UpstreamError } from '../../http/index.js'
import type { DataverseClient } from './client.js'
import { STRONG } from './names.js'
import { lostAnswer } from './wire/errors.js'
import { isGuid } from './wire/odata.js'

/** Something that exists at most once, but whose creation is not idempotent. */
export interface Creatable<T> {
  /** Returns null if it is absent. */
  find(): Promise<T | null>
  /** The path and body to post if it is absent. */
  readonly path: string
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** For errors and counts, e.g. `POST /EntityDefinitions`. */
  readonly operation: string
  /** In milliseconds; creating a table takes up to a minute. */
  readonly timeoutMs?: number
}

/**
 * Finds it, posts if it is absent, and finds it again: also after a refusal or a lost answer, because an earlier
 * attempt or this one may have created it (docs/wire-dataverse.md, 16.1).
 * @throws UpstreamError the refusal, if it is still absent.
 */
export async function findOrCreate<T>(
  client: DataverseClient,
  wanted: Creatable<T>,
  context: CallContext,
): Promise<{ found: T; created: boolean; createdId: string | null }> {
  const before = await wanted.find()
  if (before !== null) {
    return { found: before, created: false, createdId: null }
  }
  let id: string | null = null
  let failure: unknown = null
  try {
    const answer = await client.text(
      {
        method: 'POST',
        path: wanted.path,
        operation: wanted.operation,
        name: 'setup.create',
        effect: 'write',
        json: wanted.body,
        headers: { ...STRONG, ...wanted.headers },
        requestTimeoutMs: wanted.timeoutMs ?? 120_000,
      },
      context,
    )
    id = createdId(answer.headers)
  } catch (error) {
    const maybeThere =
      error instanceof UpstreamError &&
      (error.mayHaveBeenApplied ||
        error.code === 'upstream_refused' ||
        error.code === 'upstream_conflict')
    if (!maybeThere) {
      throw error
    }
    failure = error
  }
  const after = await wanted.find()
  if (after === null) {
    throw failure ?? lostAnswer(wanted.operation, 'write', 'created, but not visible yet')
  }
  return { found: after, created: failure === null, createdId: id }
}

/** The id in `OData-EntityId` of a 204, the URL of the created row; null if it is missing. */
function createdId(headers: Readonly<Record<string, string>>): string | null {
  const id = /\(([^()]+)\)\s*$/.exec(headers['odata-entityid'] ?? '')?.[1]
  return isGuid(id) ? id.toLowerCase() : null
}
