import type { z } from 'zod'
import { type Answer, type CallContext, UpstreamError } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { STRONG } from '../names.js'

/**
 * Reads a definition past the service's cache; null where there is none: by the status, or by the code that says so,
 * whose status is not documented. @throws UpstreamError otherwise.
 */
export async function getIfThere<S extends z.ZodType>(
  client: DataverseClient,
  path: string,
  answer: Answer<S>,
  context: CallContext,
): Promise<z.output<S> | null> {
  try {
    const { body } = await client.json(
      {
        method: 'GET',
        path,
        operation: answer.operation,
        name: 'setup.look',
        effect: 'read',
        headers: STRONG,
      },
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
