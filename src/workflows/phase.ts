import { upsertSearchAttributes } from '@temporalio/workflow'
import { searchAttributes, type SearchFacts } from '../contracts/search-attributes.js'

/** Sets what the workflow can be found by. */
export function mark(facts: SearchFacts): void {
  upsertSearchAttributes(searchAttributes(facts).getAll())
}
