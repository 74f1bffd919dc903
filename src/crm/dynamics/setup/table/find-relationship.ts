import { z } from 'zod'
import { answer, type CallContext, part } from '../../../../http/index.js'
import type { SetupPause } from '../../../../contracts/setup.js'
import type { DataverseClient } from '../../client.js'
import { SUBSCRIPTIONS_TABLE } from '../../names.js'
import type { RelationshipDefinition } from './definitions.js'
import { getIfThere } from '../metadata.js'
import { columnTypeClash } from '../pauses.js'
import { readColumns } from './read-columns.js'

const definition = answer(
  { name: 'dynamics.relationship', operation: 'GET /RelationshipDefinitions', lossUnit: 'call' },
  part({
    MetadataId: z.guid(),
    ReferencedEntity: z.string(),
    ReferencingEntityNavigationPropertyName: z.string().min(1),
  }),
)

/** A relationship as the organisation has it. */
export interface FoundRelationship {
  readonly metadataId: string
  readonly referenced: string
  /** The navigation property by which rows are bound; case-sensitive. */
  readonly navigation: string
}

/** Finds one of our relationships (docs/wire-dataverse.md, 16.3); null if it does not exist. @throws UpstreamError */
export async function findRelationship(
  client: DataverseClient,
  { schemaName }: RelationshipDefinition,
  context: CallContext,
): Promise<FoundRelationship | null> {
  const columns =
    'MetadataId,ReferencedEntity,ReferencingAttribute,ReferencingEntityNavigationPropertyName'
  const cast = 'Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata'
  const path = `RelationshipDefinitions(SchemaName='${schemaName}')/${cast}?$select=${columns}`
  const found = await getIfThere(client, path, definition, context)
  return found === null
    ? null
    : {
        metadataId: found.MetadataId.toLowerCase(),
        referenced: found.ReferencedEntity,
        navigation: found.ReferencingEntityNavigationPropertyName,
      }
}

/**
 * The pause if a column already has the lookup's name, or the lookup points to another table; otherwise null.
 * @throws UpstreamError
 */
export async function relationshipClash(
  client: DataverseClient,
  wanted: RelationshipDefinition,
  found: FoundRelationship | null,
  context: CallContext,
): Promise<SetupPause | null> {
  const column = wanted.lookupSchemaName.toLowerCase()
  const needed = `Lookup to ${wanted.referenced}`
  if (found !== null) {
    return found.referenced === wanted.referenced
      ? null
      : columnTypeClash({
          table: SUBSCRIPTIONS_TABLE,
          column,
          found: `Lookup to ${found.referenced}`,
          needed,
        })
  }
  const taken = (await readColumns(client, SUBSCRIPTIONS_TABLE, context)).get(column)
  return taken === undefined
    ? null
    : columnTypeClash({ table: SUBSCRIPTIONS_TABLE, column, found: taken.type, needed })
}
