import type { Organisation } from '../organisation.js'
import type { JsonObject } from '../store/schema.js'
import { describeForms, describeSolutions, describeViews, describeWebhooks } from './components.js'
import { describeRelationships, describeTables } from './definitions.js'
import { NamesOfIds } from './names-of-ids.js'

/**
 * All customisations of the organisation, in a form that is equal for equal final states: sorted, with names instead of
 * ids, and without values that differ from run to run (times, versions, the webhook's secret).
 */
export function describeInstallation(org: Organisation): JsonObject {
  const names = new NamesOfIds(org)
  return {
    ...describeSolutions(org, names),
    tables: describeTables(org),
    relationships: describeRelationships(org),
    views: describeViews(org, names),
    forms: describeForms(org, names),
    webhooks: describeWebhooks(org, names),
  }
}
