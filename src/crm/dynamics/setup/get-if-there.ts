import type { z } from 'zod'
import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { STRONG } from '../names.js'

/** Reads a definition past the service's cache; null where there is none (404). @throws UpstreamError otherwise. */
export async function getIfThere<S extends z.ZodType>(
  client: DataverseClient,
  path: string,
  operation: string,
  schema: S,
  context: CallContext,
): Promise<z.output<S> | null> {
  try {
    const { body } = await client.json(
      { method: 'GET', path, operation, name: 'setup.look', effect: 'read', headers: STRONG },
      schema,
      context,
    )
    return body
  } catch (error) {
    if (error instanceof UpstreamError && error.status === 404) {
      return null
    }
    throw error
  }
}
