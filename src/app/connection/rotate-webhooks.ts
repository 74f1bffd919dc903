import { workflowIds } from '../../contracts/names.js'
import { refuseToPause } from '../../ledger/connection/connection-life.js'
import { retiredAddresses } from '../../ledger/connection/webhook-addresses.js'
import type { Progress } from '../progress.js'
import { withLedger } from '../resources.js'
import { requireConnection, webhooksOf } from './connection-view.js'
import { change, inputOf, type LifeCommand } from './pause-and-resume.js'

/** What `connection rotate-webhooks` answers. */
export interface RotatedWebhooks {
  readonly connectionId: string
  /** Whether the CRM posts to the new address; false: the former one goes on. */
  readonly installed: boolean
  /** Why not, in plain words. */
  readonly reason: string | null
  /** Until when what comes to the former address is taken (ISO UTC); null: until the new one is registered. */
  readonly formerAcceptedUntil: string | null
  readonly workflowId: string
  readonly joined: boolean
}

/**
 * Gives a connection's webhooks new addresses and secrets.
 * @throws AppError `value_missing`, `connection_not_found`, `connection_setting_up`, `connection_disabled`,
 *   `gateway_unreachable`, and what the systems fail with.
 */
export async function rotateWebhooks(
  command: LifeCommand,
  progress: Progress,
): Promise<RotatedWebhooks> {
  const { connectionId } = command
  const { workflowId, joined } = await change(command, progress, {
    type: 'rotateWebhooks',
    workflowId: workflowIds.rotateWebhooks(connectionId),
    input: inputOf(command),
    refuse: refuseToPause,
  })
  return withLedger(async (db) => {
    const { facts } = await requireConnection(db, connectionId)
    const { installed = false, reason = null } = webhooksOf(facts) ?? {}
    const [former] = await retiredAddresses(db, connectionId)
    const formerAcceptedUntil = former?.acceptedUntil?.toISOString() ?? null
    return { connectionId, installed, reason, formerAcceptedUntil, workflowId, joined }
  })
}
