import { isCancellation } from '@temporalio/workflow'
import { housekeeping } from './activity-proxies.js'

/** Sentences on the data in the CRM that we do not change (C2, D3). Empty if it cannot be read now. */
export async function notices(connectionId: string): Promise<readonly string[]> {
  try {
    return await housekeeping.tellNotices({ connectionId })
  } catch (error) {
    if (isCancellation(error)) {
      throw error
    }
    return []
  }
}
