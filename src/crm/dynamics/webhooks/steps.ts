import { SUBSCRIPTIONS_TABLE } from '../names.js'
import { ADDRESS_COLUMNS } from '../reading/rows.js'

/** An event that Dataverse must post. */
export interface StepDefinition {
  readonly table: 'contact' | typeof SUBSCRIPTIONS_TABLE
  readonly message: 'Create' | 'Update' | 'Delete'
  /** An Update is posted only if it contains one of these, changed or not. */
  readonly filteringAttributes: readonly string[]
  /** Columns to carry along with their values after the change; a toggle alone does not name its contact. */
  readonly image: readonly string[]
  /** Skipped if the organisation does not offer the event: the sweep finds the change. */
  readonly optional?: boolean
}

/** Name of a step, which identifies it. */
export function stepName(step: StepDefinition): string {
  return `eMarketeer: ${step.message} of ${step.table}`
}

/**
 * The events that matter (rule E4): links, consent, and the addresses where only a deny counts (B8). With the address
 * columns alone, a change of the toggle would be missed.
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
