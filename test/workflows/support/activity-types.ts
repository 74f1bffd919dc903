import type {
  LifecycleActivities,
  WebhookActivities,
} from '../../../src/contracts/lifecycle-activities.js'
import type { SetupActivities } from '../../../src/contracts/setup-activities.js'
import type { PreSendActivities, SyncActivities } from '../../../src/contracts/sync-activities.js'

/** Everything that our workflows ask of activities. */
export type Activities = SyncActivities &
  PreSendActivities &
  SetupActivities &
  LifecycleActivities &
  WebhookActivities

/** Name of an activity. */
export type ActivityName = keyof Activities

/** What an activity is given. */
export type InputOf<Name extends ActivityName> = Parameters<Activities[Name]>[0]
