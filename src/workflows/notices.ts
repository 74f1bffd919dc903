import { isCancellation } from '@temporalio/workflow'
import { housekeeping } from './activity-proxies.js'

/** What lies in the CRM and is left alone, in sentences (C2, D3). That it cannot be told now holds nothing up. */
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
