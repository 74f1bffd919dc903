import type { PlannedChange, SetupPause } from '../../../../contracts/setup.js'
import { SetupPaused } from '../../../crm.js'
import { findOrCreate } from '../../find-or-create.js'
import { IN_OUR_SOLUTION, SUBSCRIPTIONS_TABLE } from '../../names.js'
import { relationshipBody, labelIn } from '../table/bodies.js'
import { RELATIONSHIPS, type RelationshipDefinition } from '../table/definitions.js'
import { namingDependents } from '../table/dependents.js'
import { organizationOf } from '../../facts.js'
import { isOursAlone } from '../table/our-components.js'
import { removeIfThere, getIfThere } from '../metadata.js'
import type { DynamicsStep } from '../step.js'
import { isVisible, LOOKUP_VALUES, untilVisible } from '../table/visible.js'
import { z } from 'zod'
import { answer, type CallContext, part } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import { columnTypeClash } from '../pauses.js'
import { readColumns } from '../table/read-columns.js'

/**
 * Creates the two lookups, and reads the case-sensitive names by which they are bound (docs/wire-dataverse.md, 16.4).
 */
export const relationshipsStep: DynamicsStep = {
  id: 'relationships',
  title: 'Relate the tables to contacts and categories',
  weight: 60,
  forSubscriptions: true,
  async verify({ client, facts }, context) {
    const changes: PlannedChange[] = []
    const navigation: Record<string, string> = {}
    for (const wanted of RELATIONSHIPS) {
      const found = await findRelationship(client, wanted, context)
      const pause = await relationshipClash(client, wanted, found, context)
      if (pause !== null) {
        return { state: 'paused', pause }
      }
      if (found === null) {
        const column = `"${wanted.label}" (${wanted.lookupSchemaName.toLowerCase()})`
        changes.push({
          what: `Add the lookup ${column} from ${SUBSCRIPTIONS_TABLE} to ${wanted.referenced}`,
        })
      } else {
        navigation[wanted.navigationKey] = found.navigation
      }
    }
    const table = facts.subscriptionsTable
    if (
      changes.length === 0 &&
      table &&
      !(await isVisible(client, table, LOOKUP_VALUES, context))
    ) {
      changes.push({ what: `Wait until the lookups of ${SUBSCRIPTIONS_TABLE} can be read` })
    }
    return changes.length === 0
      ? { state: 'done', facts: { navigation } }
      : { state: 'due', changes }
  },
  async do({ client, facts }, context) {
    const label = labelIn(organizationOf(facts).languageCode)
    const navigation: Record<string, string> = {}
    for (const wanted of RELATIONSHIPS) {
      const before = await findRelationship(client, wanted, context)
      const pause = await relationshipClash(client, wanted, before, context)
      if (pause !== null) {
        throw new SetupPaused(pause)
      }
      // The service chose the name of the category table's primary key.
      const referencedKey =
        wanted.navigationKey === 'category'
          ? (facts.categoriesTable?.primaryId ?? wanted.referencedKey)
          : wanted.referencedKey
      const { found } = await findOrCreate(
        client,
        {
          find: () => findRelationship(client, wanted, context),
          path: 'RelationshipDefinitions',
          body: relationshipBody({ ...wanted, referencedKey }, label),
          headers: IN_OUR_SOLUTION,
          operation: 'POST /RelationshipDefinitions',
          timeoutMs: 240_000,
        },
        context,
      )
      navigation[wanted.navigationKey] = found.navigation
    }
    if (facts.subscriptionsTable) {
      await untilVisible(client, facts.subscriptionsTable, LOOKUP_VALUES, context)
    }
    return { navigation }
  },
  async undo({ client, facts }, context) {
    for (const wanted of RELATIONSHIPS.toReversed()) {
      const found = await findRelationship(client, wanted, context)
      const table = facts.subscriptionsTable ?? null
      if (found === null || !(await isOursAlone(client, found.metadataId, table, context))) {
        continue
      }
      const removable = {
        find: async () => (await findRelationship(client, wanted, context)) !== null,
        path: `RelationshipDefinitions(${found.metadataId})`,
        operation: 'DELETE /RelationshipDefinitions',
      }
      const what = `The lookup ${SUBSCRIPTIONS_TABLE}.${wanted.lookupSchemaName.toLowerCase()}`
      await namingDependents(
        client,
        { type: 10, id: found.metadataId, what },
        () => removeIfThere(client, removable, context),
        context,
      )
    }
    return { navigation: null }
  },
}

const definition = answer(
  { name: 'dynamics.relationship', operation: 'GET /RelationshipDefinitions', lossUnit: 'call' },
  part({
    MetadataId: z.guid(),
    ReferencedEntity: z.string(),
    ReferencingEntityNavigationPropertyName: z.string().min(1),
  }),
)

/** A relationship as the organisation has it. */
interface FoundRelationship {
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
async function relationshipClash(
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
