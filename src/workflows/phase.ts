import { upsertSearchAttributes } from '@temporalio/workflow'
import type { Phase } from '../contracts/names.js'
import { searchAttributes, type SearchFacts } from '../contracts/search-attributes.js'

export function mark(facts: SearchFacts): void {
  upsertSearchAttributes(searchAttributes(facts).getAll())
}

/** Does the work. The status query also reports that it failed or was cancelled. */
export async function reportingFailure<T>(
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
