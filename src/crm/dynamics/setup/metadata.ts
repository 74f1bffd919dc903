import { setupRead } from '../../own-step.js'
import type { z } from 'zod'
import { type Answer, type CallContext, UpstreamError } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { STRONG } from '../names.js'
import { lostAnswer } from '../wire/errors.js'

/**
 * Reads a definition, bypassing the service's cache; null if there is none, according to the status or to the error
 * code (whose status is not documented). @throws UpstreamError otherwise.
 */
export async function getIfThere<S extends z.ZodType>(
  client: DataverseClient,
  path: string,
  answer: Answer<S>,
  context: CallContext,
): Promise<z.output<S> | null> {
  try {
    const { body } = await client.json(
      { ...setupRead(path, answer.operation), headers: STRONG },
      answer,
      context,
    )
    return body
  } catch (error) {
    const isAbsent =
      error instanceof UpstreamError &&
      (error.status === 404 || error.code === 'upstream_not_found')
    if (isAbsent) {
      return null
    }
    throw error
  }
}

/** A component to delete. */
export interface Removable {
  /** Whether it (still) exists. */
  find(): Promise<boolean>
  readonly path: string
  /** For errors and counts, e.g. `DELETE /EntityDefinitions`. */
  readonly operation: string
}

/**
 * Deletes a component; succeeds if it does not exist. After a lost answer it is looked up again, because it may be
 * deleted (docs/wire-dataverse.md, 16.14). @throws UpstreamError, the refusal, if it still exists.
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
    throw failure ?? lostAnswer(operation, 'write', 'deleted, but still visible')
  }
}
