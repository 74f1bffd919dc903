import type { ActivityOptions } from '@temporalio/common'
import type { LifecycleActivities, WebhookActivities } from '../contracts/lifecycle-activities.js'
import type { SetupActivities } from '../contracts/setup-activities.js'
import type { PreSendActivities, SyncActivities } from '../contracts/sync-activities.js'

/**
 * Time-outs and retries of each activity, and the effect of the last failed try. docs/activities.md is generated from
 * this file. An error's code alone decides whether it is retried (docs/errors.md); an error that asks for a wait states
 * its length.
 */

/** All activities that the workflows call. */
export type Activities = SyncActivities &
  PreSendActivities &
  SetupActivities &
  LifecycleActivities &
  WebhookActivities

export type ActivityName = keyof Activities

/** One line per activity; Temporal's UI shows it beside the activity. */
export const ACTIVITY_SUMMARIES: Readonly<Record<ActivityName, string>> = {
  startSweep: "Starts the sweep's cron",
  activateConnection: 'Lets webhooks and sweeps act on the connection',
  syncCategories: 'Brings categories to the CRM',
  catchUpBoth: 'Reads what changed on both sides',
  syncDue: 'Syncs some of the contacts that are due',
  settleRun: 'Releases what makes people mailable, or holds it for approval',
  drainInbox: 'Handles what webhooks reported',
  markForResync: 'Marks contacts to be synced again',
  rehearse: 'Reads and decides, and writes nothing',
  tellNotices: 'Reports what the sync leaves alone in the CRM',
  tidyUp: 'Removes what is kept for a limited time, and looks after the webhooks',
  noteSweep: 'Stores the result of the sweep',
  checkPreSend: 'Checks the request',
  openSendout: 'Opens the run that result and list belong to',
  fixAudience: 'Fixes who is targeted',
  proveFreshness: 'Proves that both sides are fresh',
  syncMembers: 'Syncs a range of the targeted contacts',
  decideMembers: 'Checks a last time, and decides each contact',
  closeSendout: 'Writes result and receipt',
  planSetup: 'Lists the steps of set-up',
  runSetupStep: 'Runs a step of set-up',
  previewSetupStep: 'Looks at a step of set-up, and changes nothing',
  keepSetupDecision: 'Stores what Support decided',
  countDue: 'Counts contacts that wait for a pass',
  planDisconnect: 'Lists the steps of a disconnect',
  disableConnection: 'Ends syncing',
  endWork: "Ends the connection's other workflows",
  removeCrmWebhooks: "Removes the CRM's webhooks",
  removeEmarketeerWebhook: "Removes eMarketeer's webhook",
  countUnsaved: 'Counts unsubscribes in the CRM that have not reached eMarketeer',
  keepSubscriptions: 'Keeps unsubscribes of the CRM in the ledger',
  undoSetupStep: 'Undoes a step of set-up',
  forgetInstallation: 'Forgets the installation',
  keepStepDecision: 'Stores what Support decided',
  pauseConnection: 'Pauses the connection',
  resumeConnection: 'Ends the pause',
  sweepNow: 'Starts a sweep beside the cron',
  beginWebhookRotation: 'Makes a new webhook address',
  installRotatedWebhooks: 'Registers new webhook addresses and secrets on both sides',
}

/** Activities with the same time-outs and retries. */
export interface ActivityGroup<Name extends ActivityName = ActivityName> {
  readonly activities: readonly Name[]
  readonly options: ActivityOptions
  /**
   * How a pre-send's deadline bounds the tries: `ends` stops them there, `extends` adds the time left until then.
   * Absent: only the options apply.
   */
  readonly deadline?: 'ends' | 'extends'
  /** The effect of the last failed try on the work, and where it shows. */
  readonly afterLast: string
}

/** Short waits first, for lost races and restarts. Long ones follow, for outages. */
const RETRY = {
  initialInterval: '1 second',
  backoffCoefficient: 2,
  maximumInterval: '1 minute',
} as const

/** Tries that cover an outage of about 15 minutes. */
const QUARTER_HOUR_TRIES = 20
/** Temporal notices a killed worker within this time, so that the start-to-close time-out can be long. */
const HEARTBEAT = '10 seconds'
/** How long a preview waits for one answer, in seconds. */
export const LOOK_SECONDS = 45
/** Wait before the last look is retried, and the number of tries after its caller has stopped waiting. */
const LAST_RETRY_MS = 5_000
const LAST_TRIES = 6
const LAST_CALL_MS = 10 * 60_000

const HOURLY =
  'a disconnect retries every hour, unless credentials are refused, and a person may decide earlier'
const FAILS = 'The workflow fails, with the code on top and `Phase` `failed`'

/**
 * Options by kind of activity: short or long, and its bound. Long calls send heartbeats, so that Temporal notices a
 * killed worker; short ones time out earlier than a heartbeat would.
 */
const OPTIONS = {
  /** A call to the ledger or Temporal; retried through an outage. */
  shortLedgerCall: {
    startToCloseTimeout: '1 minute',
    retry: { ...RETRY, maximumAttempts: QUARTER_HOUR_TRIES },
  },
  /** Evidence that must be stored before the work continues; nobody waits for the answer. */
  evidenceCall: {
    startToCloseTimeout: '1 minute',
    scheduleToCloseTimeout: '1 day',
    retry: RETRY,
  },
  /** Optional work that other work waits for; two tries. */
  passingCall: {
    startToCloseTimeout: '2 minutes',
    retry: { ...RETRY, maximumAttempts: 2 },
  },
  /** An optional note in the ledger. */
  passingNote: { startToCloseTimeout: '10 seconds', retry: { ...RETRY, maximumAttempts: 5 } },
  /** Bulk reading and writing; its caller calls it again. */
  longSyncCall: {
    startToCloseTimeout: '6 hours',
    heartbeatTimeout: HEARTBEAT,
    retry: { ...RETRY, maximumAttempts: 15 },
  },
  /** Bulk work in a step, which pauses after the last try. */
  longStepCall: {
    startToCloseTimeout: '6 hours',
    heartbeatTimeout: HEARTBEAT,
    retry: { ...RETRY, maximumAttempts: QUARTER_HOUR_TRIES },
  },
  /** A call to the ledger, with a deadline; retried sooner. */
  shortSendoutCall: {
    startToCloseTimeout: '1 minute',
    heartbeatTimeout: HEARTBEAT,
    retry: { ...RETRY, maximumInterval: '10 seconds' },
  },
  /** Work over many people, with a deadline. */
  longSendoutCall: {
    startToCloseTimeout: '30 minutes',
    heartbeatTimeout: HEARTBEAT,
    retry: { ...RETRY, maximumInterval: '10 seconds' },
  },
  /** Retried until it succeeds. */
  endlessCall: {
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: HEARTBEAT,
    retry: { ...RETRY, maximumInterval: '10 seconds' },
  },
  /** A person waits for the answer. */
  boundedLook: {
    scheduleToCloseTimeout: `${LOOK_SECONDS} seconds`,
    heartbeatTimeout: HEARTBEAT,
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumAttempts: 4 },
  },
  /** Installs something on both sides. */
  longInstallation: {
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: HEARTBEAT,
    retry: { ...RETRY, maximumAttempts: QUARTER_HOUR_TRIES },
  },
  /** Removes something that may be large. */
  longRemoval: {
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: HEARTBEAT,
    retry: { ...RETRY, maximumAttempts: QUARTER_HOUR_TRIES },
  },
  /** One short call, without a heartbeat. */
  shortRemoval: {
    startToCloseTimeout: '2 minutes',
    retry: { ...RETRY, maximumAttempts: QUARTER_HOUR_TRIES },
  },
  /** Must not block its caller when a side does not answer or refuses us. */
  boundedRemoval: {
    startToCloseTimeout: '1 minute',
    scheduleToCloseTimeout: '3 minutes',
    retry: { ...RETRY, maximumInterval: '10 seconds', maximumAttempts: 5 },
  },
} as const satisfies Readonly<Record<string, ActivityOptions>>

/** The groups of activities, by the kind of work. */
export const ACTIVITY_LIMITS = {
  /** Bulk reading and writing. */
  sync: group({
    activities: [
      'catchUpBoth',
      'syncCategories',
      'syncDue',
      'settleRun',
      'drainInbox',
      'markForResync',
      'rehearse',
    ],
    options: OPTIONS.longSyncCall,
    afterLast:
      'The sweep, inbox or resync fails, and has lost nothing: due addresses stay due. The cron retries a sweep after ' +
      'five minutes, until then it shows as failed; an inbox is started by the next hint, and its hints are handled by ' +
      'the next sweep at the latest; a resync is started again by hand. In the last step of set-up (hints that wait) the step pauses',
  }),
  /** Short set-up calls to the ledger or Temporal. */
  setupCalls: group({
    activities: ['planSetup', 'activateConnection', 'startSweep', 'countDue'],
    options: OPTIONS.shortLedgerCall,
    afterLast: `In a step, set-up pauses there. Before the first step: ${FAILS}; so does a pause or a resumption, and may be repeated`,
  }),
  /** Stores Support's decisions before they are carried out. */
  evidence: group({
    activities: ['keepSetupDecision', 'keepStepDecision'],
    options: OPTIONS.evidenceCall,
    afterLast: `${FAILS}; the decision is not carried out. Started again, it continues where it was`,
  }),
  /** The sweep's housekeeping and notices. A hanging external system must not block the sweep. */
  housekeeping: group({
    activities: ['tidyUp', 'tellNotices'],
    options: OPTIONS.passingCall,
    afterLast:
      'The sweep, or the first sync, skips it, and completes. The status and `connection show` report that `tidyUp` failed ' +
      '(`untidy`); missing notices are not reported: the next sweep has them',
  }),
  /** Stores the result of a sweep, for `connection show`. */
  sweepNotes: group({
    activities: ['noteSweep'],
    options: OPTIONS.passingNote,
    afterLast:
      'It is skipped: `connection show` shows the former result, and also that no sweep was done for two hours',
  }),
  /** Short pre-send work in the ledger. */
  sendoutOpening: group({
    activities: ['checkPreSend', 'openSendout'],
    options: OPTIONS.shortSendoutCall,
    deadline: 'ends',
    afterLast:
      'The run is closed with nobody verified. A refused request, such as for an unknown account, fails the workflow. A request to ' +
      'join is checked within 10 s, or fails',
  }),
  /** Closes a run, whatever its result. */
  sendoutClosing: group({
    activities: ['openSendout', 'closeSendout'],
    options: OPTIONS.endlessCall,
    afterLast:
      "There is no last one: until the database answers an earlier run's list cannot be read, and after that it must not be",
  }),
  /** Sendout work with a deadline. */
  sendoutPreparing: group({
    activities: ['fixAudience', 'proveFreshness', 'syncMembers', 'settleRun'],
    options: OPTIONS.longSendoutCall,
    deadline: 'ends',
    afterLast: 'Contacts that are not verified by then are not on the list',
  }),
  /** The last look and the verdicts: as many tries as the deadline allows, and one after it. */
  sendoutDeciding: group({
    activities: ['decideMembers'],
    options: lastCallOptions(0),
    deadline: 'extends',
    afterLast: 'Contacts without a decision count as not verified, and are not on the list',
  }),
  /** Set-up steps, and a disconnect's last sync. */
  stepWork: group({
    activities: ['runSetupStep', 'catchUpBoth', 'syncDue', 'settleRun'],
    options: OPTIONS.longStepCall,
    afterLast:
      'The step pauses, so that somebody sees it. Set-up retries it by itself if the fault may have been fixed outside ' +
      `([setup.md](setup.md#why-it-waits)), ${HOURLY}`,
  }),
  /** A person waits for a preview: a system that does not answer is reported within a minute. */
  previewing: group({
    activities: ['planSetup', 'previewSetupStep'],
    options: OPTIONS.boundedLook,
    afterLast: 'The preview fails, and states the cause',
  }),
  /** Short lifecycle calls to the ledger or Temporal. */
  lifecycle: group({
    activities: [
      'planDisconnect',
      'disableConnection',
      'endWork',
      'countUnsaved',
      'forgetInstallation',
      'pauseConnection',
      'resumeConnection',
      'sweepNow',
      'beginWebhookRotation',
    ],
    options: OPTIONS.shortLedgerCall,
    afterLast:
      `The step pauses: ${HOURLY}. A pause, a resumption, a rotation of webhooks and ` +
      'a disconnect before its first step fail, and may be repeated',
  }),
  /** Registers both sides' webhooks; the former ones stay active meanwhile. */
  webhookInstalling: group({
    activities: ['installRotatedWebhooks'],
    options: OPTIONS.longInstallation,
    afterLast:
      'The workflow fails; the former address and secret stay in use, and it may be repeated',
  }),
  /** Removes something in an external system. */
  stepRemoval: group({
    activities: ['removeCrmWebhooks', 'keepSubscriptions', 'undoSetupStep'],
    options: OPTIONS.longRemoval,
    afterLast: `The step pauses: ${HOURLY}`,
  }),
  webhookRemoval: group({
    activities: ['removeEmarketeerWebhook'],
    options: OPTIONS.shortRemoval,
    afterLast: `The step pauses: ${HOURLY}`,
  }),
  /**
   * Removes the webhooks of a connection that is only disabled. A CRM that does not answer or refuses us must not block
   * this. The gateway refuses events from a webhook that remains (410).
   */
  webhookDisabling: group({
    activities: ['removeCrmWebhooks', 'removeEmarketeerWebhook'],
    options: OPTIONS.boundedRemoval,
    afterLast: 'The step is skipped, and its note states this',
  }),
} as const

/**
 * Options of the last call. An outage is retried until the deadline. After the deadline the verdicts are still made,
 * with bounded tries, because a caller waits. The activity gives up earlier if it is asked for a long wait.
 * @param remainingMs until the deadline; 0 after it.
 */
export function lastCallOptions(remainingMs: number): ActivityOptions {
  return {
    // A call that hangs ends while there is time for another.
    startToCloseTimeout: LAST_CALL_MS,
    scheduleToCloseTimeout: remainingMs + LAST_CALL_MS,
    heartbeatTimeout: HEARTBEAT,
    retry: {
      ...RETRY,
      maximumInterval: LAST_RETRY_MS,
      maximumAttempts: LAST_TRIES + Math.ceil(remainingMs / LAST_RETRY_MS),
    },
  }
}

function group<const Name extends ActivityName>(given: ActivityGroup<Name>): ActivityGroup<Name> {
  return given
}
