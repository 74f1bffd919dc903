import type {
  LifecycleActivities,
  WebhookActivities,
} from '../../../src/contracts/lifecycle-activities.js'
import type { SetupActivities } from '../../../src/contracts/setup-activities.js'
import type { PreSendActivities, SyncActivities } from '../../../src/contracts/sync-activities.js'

/** All activities that our workflows call. */
export type Activities = SyncActivities &
  PreSendActivities &
  SetupActivities &
  LifecycleActivities &
  WebhookActivities

/** Name of an activity. */
export type ActivityName = keyof Activities

/** An activity's input. */
export type InputOf<Name extends ActivityName> = Parameters<Activities[Name]>[0]
