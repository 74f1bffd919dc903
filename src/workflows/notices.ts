import { isCancellation } from '@temporalio/workflow'
import { housekeeping } from './activity-proxies.js'

/** What the CRM holds that we leave alone, in sentences (C2, D3). Empty if it cannot be read now. */
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
