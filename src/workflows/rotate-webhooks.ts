import { setCurrentDetails, sleep, uuid4 } from '@temporalio/workflow'
import { rotateWebhooksInput } from '../contracts/inputs.js'
import type { LifeRequest, LifeStatus } from '../contracts/life-activities.js'
import { installing, life } from './activity-proxies.js'
import { entry } from './entry.js'
import { changing } from './pause-connection.js'

/** Every gateway has read the list of addresses by then, which it does every ten seconds (docs/gateway.md, Admission). */
const UNTIL_KNOWN = '12 seconds'

/**
 * Gives a connection's webhooks new addresses and secrets, on both sides. The former ones are taken until the new ones are
 * registered, and a day longer. Safe to repeat: each time makes new ones.
 *
 * @throws ApplicationFailure `value_missing`, `connection_not_found`, `connection_setting_up`, `connection_disabled`,
 *   `gateway_unreachable`, and what the systems fail with.
 */
export function rotateWebhooks(...given: [LifeRequest]): Promise<LifeStatus> {
  return entry(rotateWebhooksInput, given, rotate)
}

function rotate(input: LifeRequest): Promise<LifeStatus> {
  const { connectionId } = input
  return changing(input, async () => {
    await life.beginWebhookRotation({ ...input, interventionId: uuid4() })
    await sleep(UNTIL_KNOWN)
    const { installed } = await installing.installRotatedWebhooks({ connectionId })
    setCurrentDetails(
      installed
        ? 'Webhooks have new addresses and secrets'
        : 'The CRM did not take the new address; the former one goes on',
    )
  })
}
