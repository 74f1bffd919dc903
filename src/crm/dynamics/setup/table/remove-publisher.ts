import { z } from 'zod'
import { answer, type CallContext, part, UpstreamError } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import { getIfThere } from '../metadata.js'
import { ourComponents } from './our-components.js'
import { removeIfThere } from '../metadata.js'

/** Component types of a form and of a table. */
const FORM = 60
const TABLE = 1

const definition = answer(
  { name: 'dynamics.contactTable', operation: 'GET /EntityDefinitions', lossUnit: 'call' },
  part({ MetadataId: z.guid() }),
)

/**
 * Deletes the solution if it contains only entries of the customer's tables and forms that we changed; deleting it
 * leaves those in place. If it contains anything else, it stays.
 * @returns whether it was removed or is absent. @throws UpstreamError
 */
export async function removeSolution(
  client: DataverseClient,
  find: () => Promise<string | null>,
  context: CallContext,
): Promise<boolean> {
  const id = await find()
  if (id === null) {
    return true
  }
  const components = (await ourComponents(client, context)) ?? []
  const contact = await getIfThere(
    client,
    `EntityDefinitions(LogicalName='contact')?$select=MetadataId`,
    definition,
    context,
  )
  const contactId = contact?.MetadataId.toLowerCase()
  const others = components.filter(
    (one) => one.type !== FORM && one.whole && !(one.type === TABLE && one.id === contactId),
  )
  if (others.length > 0) {
    return false
  }
  await remove(client, `solutions(${id})`, 'DELETE /solutions', find, context)
  return true
}

/**
 * Deletes the publisher. If the customer's own solutions use it, Dataverse refuses, and it stays. @throws UpstreamError
 */
export async function removePublisher(
  client: DataverseClient,
  find: () => Promise<string | null>,
  context: CallContext,
): Promise<void> {
  const id = await find()
  if (id === null) {
    return
  }
  try {
    await remove(client, `publishers(${id})`, 'DELETE /publishers', find, context)
  } catch (error) {
    if (!(error instanceof UpstreamError) || error.code !== 'upstream_refused') {
      throw error
    }
  }
}

function remove(
  client: DataverseClient,
  path: string,
  operation: string,
  find: () => Promise<string | null>,
  context: CallContext,
): Promise<void> {
  const removable = { find: async () => (await find()) !== null, path, operation }
  return removeIfThere(client, removable, context)
}
