import { upsertSearchAttributes } from '@temporalio/workflow'
import type { Phase } from '../contracts/names.js'
import { searchAttributes, type SearchFacts } from '../contracts/search-attributes.js'

/** Sets what the workflow can be found by. */
export function mark(facts: SearchFacts): void {
  upsertSearchAttributes(searchAttributes(facts).getAll())
}

/** Does the work; the answer of a query tells, too, that it has failed or was cancelled. */
export async function tellingFailure<T>(
  onPhase: (phase: Phase) => void,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    onPhase('failed')
    throw error
  }
}
