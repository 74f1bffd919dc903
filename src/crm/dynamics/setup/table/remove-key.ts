import type { CallContext } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import type { TableFacts } from '../../facts.js'
import type { TableDefinition } from './definitions.js'
import { namingDependents } from './dependents.js'
import { findKey, keysPath } from './key-state.js'
import { isOursAlone } from './our-components.js'
import { removeIfThere } from '../metadata.js'

/** Deletes a key that we added to a table of the customer's. @throws SetupPaused, UpstreamError */
export async function removeKey(
  client: DataverseClient,
  table: TableDefinition,
  known: TableFacts | null,
  context: CallContext,
): Promise<void> {
  const found = await findKey(client, table, context)
  if (found === null || !(await isOursAlone(client, found.metadataId, known, context))) {
    return
  }
  const removable = {
    find: async () => (await findKey(client, table, context)) !== null,
    path: `${keysPath(table)}(${found.metadataId})`,
    operation: 'DELETE /EntityDefinitions/Keys',
  }
  await namingDependents(
    client,
    { type: 14, id: found.metadataId, what: `The key ${table.key.schemaName}` },
    () => removeIfThere(client, removable, context),
    context,
  )
}
