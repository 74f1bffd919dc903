import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { STRONG } from '../names.js'
import { lostAnswer } from '../wire/part-error.js'

/** Something to delete. */
export interface Removable {
  /** Whether it is (still) there. */
  find(): Promise<boolean>
  readonly path: string
  /** For errors and counts, e.g. `DELETE /EntityDefinitions`. */
  readonly operation: string
}

/**
 * Deletes something; that it is not there is fine. After a lost answer it is looked for once more, as it may be gone
 * (docs/wire-dataverse.md, 16.14). @throws UpstreamError the refusal, where it is still there.
 */
export async function removeIfThere(
  client: DataverseClient,
  removable: Removable,
  context: CallContext,
): Promise<void> {
  const { path, operation } = removable
  if (!(await removable.find())) {
    return
  }
  let failure: unknown = null
  try {
    await client.text(
      {
        method: 'DELETE',
        path,
        operation,
        name: 'setup.remove',
        effect: 'write',
        headers: STRONG,
        requestTimeoutMs: 240_000,
      },
      context,
    )
  } catch (error) {
    const maybeGone =
      error instanceof UpstreamError &&
      (error.mayHaveBeenApplied || error.code === 'upstream_not_found')
    if (!maybeGone) {
      throw error
    }
    failure = error
  }
  if (await removable.find()) {
    throw failure ?? lostAnswer(operation, 'write', 'deleted, but still to be seen')
  }
}
