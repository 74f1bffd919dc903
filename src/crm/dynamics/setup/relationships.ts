import { z } from 'zod'
import type { CallContext } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { findOrCreate } from '../find-or-create.js'
import { IN_OUR_SOLUTION } from '../names.js'
import { relationshipBody } from './bodies.js'
import { type RelationshipDefinition, RELATIONSHIPS } from './definitions.js'
import { getIfThere } from './get-if-there.js'
import { labelIn } from './labels.js'
import { organizationOf } from './organization-of.js'
import type { DynamicsStep } from './setup-step.js'

const answer = z.object({
  ReferencingAttribute: z.string(),
  ReferencingEntityNavigationPropertyName: z.string().min(1),
})

/** Makes the two lookups, and learns the names by which they are bound: casing counts (docs/wire-dataverse.md, 16.4). */
export const relationshipsStep: DynamicsStep = {
  id: 'relationships',
  title: 'Relate the tables to contacts and categories',
  weight: 6,
  async run({ client, facts }, context) {
    const label = labelIn(organizationOf(facts).languageCode)
    const navigation: Record<string, string> = {}
    for (const relationship of RELATIONSHIPS) {
      // The category table's key is what the service called it.
      const referencedKey =
        relationship.navigationKey === 'category'
          ? (facts.categoriesTable?.primaryId ?? relationship.referencedKey)
          : relationship.referencedKey
      const { found } = await findOrCreate(
        client,
        {
          find: () => find(client, relationship, context),
          path: 'RelationshipDefinitions',
          body: relationshipBody({ ...relationship, referencedKey }, label),
          headers: IN_OUR_SOLUTION,
          operation: 'POST /RelationshipDefinitions',
          timeoutMs: 240_000,
        },
        context,
      )
      navigation[relationship.navigationKey] = found.ReferencingEntityNavigationPropertyName
    }
    return { navigation }
  },
}

function find(
  client: DataverseClient,
  { schemaName }: RelationshipDefinition,
  context: CallContext,
) {
  const columns = 'ReferencingAttribute,ReferencingEntityNavigationPropertyName'
  const cast = 'Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata'
  const path = `RelationshipDefinitions(SchemaName='${schemaName}')/${cast}?$select=${columns}`
  return getIfThere(client, path, 'GET /RelationshipDefinitions', answer, context)
}
