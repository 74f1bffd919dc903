import { expect, it } from '@jest/globals'
import type { Client } from '@temporalio/client'
import { createConnectionActivities } from '../../src/activities/connection-activities.js'
import { createLifeActivities } from '../../src/activities/life-activities.js'
import { createPreSendActivities } from '../../src/activities/pre-send-activities.js'
import { createSetupActivities } from '../../src/activities/setup-activities.js'
import { createWebhookActivities } from '../../src/activities/webhook-rotation.js'
import { createSyncActivities } from '../../src/activities/sync-activities.js'
import type { SecretsVault } from '../../src/config/secrets-vault.js'
import type { Systems } from '../../src/sync/systems.js'
import {
  ACTIVITY_LIMITS,
  ACTIVITY_SUMMARIES,
  type ActivityGroup,
} from '../../src/workflows/activity-limits.js'

const groups = Object.entries<ActivityGroup>(ACTIVITY_LIMITS)

/** As a worker registers them (src/workers/run-workers.ts). */
function registered(): string[] {
  const systems = {} as Systems
  const temporal = {} as Client
  return Object.keys({
    ...createSyncActivities(systems),
    ...createPreSendActivities(systems),
    ...createSetupActivities({ systems, vault: {} as SecretsVault, publicUrl: '' }),
    ...createWebhookActivities({ systems, vault: {} as SecretsVault, publicUrl: '' }),
    ...createLifeActivities({ systems, temporal }),
    ...createConnectionActivities({ systems, temporal }),
  })
}

it('every activity that a worker runs is in a group, and no other is', () => {
  const limited = new Set(groups.flatMap(([, { activities }]) => activities))
  expect([...limited].sort()).toEqual(registered().sort())
  expect(Object.keys(ACTIVITY_SUMMARIES).sort()).toEqual(registered().sort())
})

it.each(groups)('%s: one try has an end, and so have all of them together', (_name, group) => {
  const { startToCloseTimeout, scheduleToCloseTimeout, retry } = group.options
  expect(startToCloseTimeout ?? scheduleToCloseTimeout).toBeDefined()
  expect(scheduleToCloseTimeout ?? retry?.maximumAttempts ?? endsByDeadline(group)).toBeDefined()
  expect(group.afterLast).not.toBe('')
})

/** What a pre-send does is ended by its deadline, which the workflow watches. */
function endsByDeadline({ activities }: ActivityGroup): true | undefined {
  return activities.some((name) => /Sendout|Members|PreSend/.test(name)) ? true : undefined
}
