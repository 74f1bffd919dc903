import { SUBSCRIPTIONS_TABLE } from '../names.js'
import { ADDRESS_COLUMNS } from '../reading/rows.js'

/** One event that Dataverse is to post. */
export interface StepDefinition {
  readonly table: 'contact' | typeof SUBSCRIPTIONS_TABLE
  readonly message: 'Create' | 'Update' | 'Delete'
  /** An Update is posted only where one of these is in it, changed or not. */
  readonly filteringAttributes: readonly string[]
  /** Columns to carry along as they are after the change; a toggle alone does not name its contact. */
  readonly image: readonly string[]
  /** Left out where the organisation does not offer the event: the sweep finds it. */
  readonly optional?: boolean
}

/** Name of a step, by which it is found again. */
export function stepName(step: StepDefinition): string {
  return `eMarketeer: ${step.message} of ${step.table}`
}

/**
 * The events that matter (rule E4): links, consent state, and where else a deny counts (B8). The address alone would miss a
 * flip of the toggle.
 */
export const STEPS: readonly StepDefinition[] = [
  { table: 'contact', message: 'Create', filteringAttributes: [], image: [] },
  {
    table: 'contact',
    message: 'Update',
    filteringAttributes: [...ADDRESS_COLUMNS, 'donotbulkemail', 'statecode'],
    image: [],
  },
  { table: 'contact', message: 'Delete', filteringAttributes: [], image: [], optional: true },
  { table: SUBSCRIPTIONS_TABLE, message: 'Create', filteringAttributes: [], image: [] },
  {
    table: SUBSCRIPTIONS_TABLE,
    message: 'Update',
    filteringAttributes: ['em_subscribed'],
    image: ['em_contact', 'em_category', 'em_subscribed', 'em_rowkey'],
  },
]
