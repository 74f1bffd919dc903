import { ContinueAsNew, upsertSearchAttributes } from '@temporalio/workflow'
import type { Phase } from '../contracts/names.js'
import { searchAttributes, type SearchFacts } from '../contracts/search-attributes.js'

/** Sets what the workflow can be found by. */
export function mark(facts: SearchFacts): void {
  upsertSearchAttributes(searchAttributes(facts).getAll())
}

/** Its input was refused: it can be found by `Phase="failed"`, and by nothing that the input says. */
export function markRefused(): void {
  mark({ phase: 'failed' })
}

/** Does the work; a workflow that fails or is cancelled can be found by `Phase="failed"`. */
export async function orMarkFailed<T>(
  connectionId: string,
  onPhase: (phase: Phase) => void,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ContinueAsNew) {
      throw error
    }
    onPhase('failed')
    mark({ connectionId, phase: 'failed' })
    throw error
  }
}
