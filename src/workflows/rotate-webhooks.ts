import { setCurrentDetails, sleep, uuid4 } from '@temporalio/workflow'
import { rotateWebhooksInput } from '../contracts/inputs.js'
import type { LifecycleRequest, LifecycleStatus } from '../contracts/lifecycle-activities.js'
import { webhookInstalling, lifecycle } from './activity-proxies.js'
import { entry } from './entry.js'
import { changing } from './pause-connection.js'

/**
 * After this time every gateway has read the list of addresses, which it reads every ten seconds (docs/gateway.md,
 * Admission).
 */
const UNTIL_KNOWN = '12 seconds'

/**
 * Gives a connection's webhooks new addresses and secrets on both sides. The former ones are accepted until the new
 * ones are registered, and 24 hours longer. Safe to repeat: each run creates new ones.
 * @throws ApplicationFailure `value_missing`, `connection_not_found`, `connection_setting_up`, `connection_disabled`,
 * `gateway_unreachable`, and the errors of the systems.
 */
export function rotateWebhooks(...given: [LifecycleRequest]): Promise<LifecycleStatus> {
  return entry(rotateWebhooksInput, given, rotate)
}

function rotate(input: LifecycleRequest): Promise<LifecycleStatus> {
  const { connectionId } = input
  return changing(input, async () => {
    await lifecycle.beginWebhookRotation({ ...input, interventionId: uuid4() })
    await sleep(UNTIL_KNOWN)
    const { installed } = await webhookInstalling.installRotatedWebhooks({ connectionId })
    setCurrentDetails(
      installed
        ? 'Webhooks have new addresses and secrets'
        : 'The CRM did not accept the new address; the former one stays in use',
    )
  })
}
