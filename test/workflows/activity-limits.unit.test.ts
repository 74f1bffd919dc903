import { expect, it } from '@jest/globals'
import type { Client } from '@temporalio/client'
import { createSweepActivities } from '../../src/activities/sweep-activities.js'
import { createLifecycleActivities } from '../../src/activities/lifecycle-activities.js'
import { createPreSendActivities } from '../../src/activities/pre-send-activities.js'
import { createSetupActivities } from '../../src/activities/setup-activities.js'
import { createWebhookActivities } from '../../src/activities/webhook-rotation.js'
import { createSyncActivities } from '../../src/activities/sync-activities.js'
import type { SecretsVault } from '../../src/config/secrets/secrets-vault.js'
import type { Systems } from '../../src/connection/systems.js'
import {
  ACTIVITY_LIMITS,
  ACTIVITY_SUMMARIES,
  type ActivityGroup,
} from '../../src/workflows/activity-limits.js'

const groups = Object.entries<ActivityGroup>(ACTIVITY_LIMITS)

/** In the form in which a worker registers them (src/workers/run-workers.ts). */
function registered(): string[] {
  const systems = {} as Systems
  const temporal = {} as Client
  return Object.keys({
    ...createSyncActivities(systems),
    ...createPreSendActivities(systems),
    ...createSetupActivities({ systems, vault: {} as SecretsVault, publicUrl: '' }),
    ...createWebhookActivities({ systems, vault: {} as SecretsVault, publicUrl: '' }),
    ...createLifecycleActivities({ systems, temporal }),
    ...createSweepActivities({ systems, temporal }),
  })
}

it('every activity that a worker runs is in a group, and no other is', () => {
  const limited = new Set(groups.flatMap(([, { activities }]) => activities))
  expect([...limited].sort()).toEqual(registered().sort())
  expect(Object.keys(ACTIVITY_SUMMARIES).sort()).toEqual(registered().sort())
})

it.each(groups)('%s: one try has an end, and so have all of them together', (name, group) => {
  const { startToCloseTimeout, scheduleToCloseTimeout, retry } = group.options
  expect(startToCloseTimeout ?? scheduleToCloseTimeout).toBeDefined()
  const end = scheduleToCloseTimeout ?? retry?.maximumAttempts ?? group.deadline
  // Only closing continues as long as the database does not answer, because nothing else can be done then.
  expect([name, end === undefined]).toEqual([name, name === 'sendoutClosing'])
  expect(group.afterLast).not.toBe('')
})
