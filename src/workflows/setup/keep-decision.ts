import { uuid4 } from '@temporalio/workflow'
import type { SetupIntervention, SetupOverride } from '../../contracts/setup.js'
import { evidence } from '../activity-proxies.js'

/** Stores an override as evidence before it is carried out (E3). */
export function keepOverride(connectionId: string, override: SetupOverride): Promise<void> {
  const { step, action, reason, by, ...choice } = override
  return evidence.keepSetupDecision({
    decisionId: uuid4(),
    connectionId,
    step,
    action,
    reason,
    by,
    choice: { action, ...choice },
  })
}

/** Stores a pause or resumption by Support as evidence. */
export function keepIntervention(
  connectionId: string,
  action: 'pause' | 'resume',
  { reason, by }: SetupIntervention,
): Promise<void> {
  return evidence.keepSetupDecision({
    decisionId: uuid4(),
    connectionId,
    step: null,
    action,
    reason,
    by,
    choice: null,
  })
}
