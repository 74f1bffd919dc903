import type { PlannedChange } from '../../../../contracts/setup.js'
import { SetupPaused } from '../../../crm.js'
import { findOrCreate } from '../../find-or-create.js'
import { IN_OUR_SOLUTION, SUBSCRIPTIONS_TABLE } from '../../names.js'
import { relationshipBody } from '../table/bodies.js'
import { RELATIONSHIPS } from '../table/definitions.js'
import { namingDependents } from '../table/dependents.js'
import { findRelationship, relationshipClash } from '../table/find-relationship.js'
import { labelIn } from '../table/labels.js'
import { organizationOf } from '../../facts.js'
import { isOursAlone } from '../table/our-components.js'
import { removeIfThere } from '../metadata.js'
import type { DynamicsStep } from '../step.js'
import { isVisible, LOOKUP_VALUES, untilVisible } from '../table/visible.js'

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
