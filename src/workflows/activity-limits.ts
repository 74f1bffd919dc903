import type { ActivityOptions } from '@temporalio/common'
import type { LifecycleActivities, WebhookActivities } from '../contracts/lifecycle-activities.js'
import type { SetupActivities } from '../contracts/setup-activities.js'
import type { PreSendActivities, SyncActivities } from '../contracts/sync-activities.js'

/**
 * How long and how often each activity is tried, and what becomes of the work after the last try. docs/activities.md is
 * made from this. Whether an error is tried again at all follows from its code alone (docs/errors.md); one that asks for
 * time carries how long.
 */

/** Everything that our workflows ask of activities. */
export type Activities = SyncActivities &
  PreSendActivities &
  SetupActivities &
  LifecycleActivities &
  WebhookActivities

/** Name of an activity. */
export type ActivityName = keyof Activities

/** What each activity does: Temporal's UI shows it beside the activity. */
export const ACTIVITY_SUMMARIES: Readonly<Record<ActivityName, string>> = {
  startSweep: "Starts the sweep's cron",
  activateConnection: 'Lets webhooks and sweeps act on the connection',
  syncCategories: 'Brings categories to the CRM',
  catchUpBoth: 'Reads what changed on both sides',
  syncDue: 'Passes over some of the contacts that are due',
  settleRun: 'Releases what makes people mailable, or holds it for approval',
  drainInbox: 'Handles what webhooks told',
  markForResync: 'Marks contacts to be looked at again',
  rehearse: 'Reads and decides, and writes nothing',
  tellNotices: 'Tells what lies in the CRM and is left alone',
  tidyUp: 'Removes what is kept for a limited time, and looks after the webhooks',
  noteSweep: 'Keeps what the sweep came to',
  checkPreSend: 'Checks the request',
  openSendout: 'Opens the run that result and list belong to',
  fixAudience: 'Fixes who is targeted',
  proveFreshness: 'Proves both sides fresh',
  syncMembers: 'Syncs a range of the targeted contacts',
  decideMembers: 'Looks a last time, and decides each contact',
  closeSendout: 'Writes result and receipt',
  planSetup: 'Lists the steps of set-up',
  runSetupStep: 'Runs a step of set-up',
  previewSetupStep: 'Looks at a step of set-up, and changes nothing',
  keepSetupDecision: 'Keeps what Support decided',
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
  keepStepDecision: 'Keeps what Support decided',
  pauseConnection: 'Pauses the connection',
  resumeConnection: 'Ends the pause',
  sweepNow: 'Starts a sweep beside the cron',
  beginWebhookRotation: 'Makes a new webhook address',
  installRotatedWebhooks: 'Registers new webhook addresses and secrets on both sides',
}

/** Activities that are tried alike. */
export interface ActivityGroup<Name extends ActivityName = ActivityName> {
  readonly activities: readonly Name[]
  readonly options: ActivityOptions
  /**
   * A pre-send's deadline, which only the caller knows: `ends` all tries, or lets them go on for longer by what is left until
   * then (`extends`). Absent: what the options say is all there is.
   */
  readonly deadline?: 'ends' | 'extends'
  /** What becomes of the work after the last try, and where that shows. */
  readonly afterLast: string
}

/** Waits between tries: quick at first, for lost races and restarts; then patient, for outages. */
const RETRY = {
  initialInterval: '1 second',
  backoffCoefficient: 2,
  maximumInterval: '1 minute',
} as const

/** Tries that wait out about a quarter of an hour. */
const QUARTER_HOUR_TRIES = 20
/** A killed worker is noticed within this, so the whole may take its time. */
const HEARTBEAT = '10 seconds'
/** What a preview waits for one answer. */
export const LOOK_SECONDS = 45
/** How soon the last look is tried again, and how often when nobody waits any longer. */
const LAST_RETRY_MS = 5_000
const LAST_TRIES = 6
const LAST_CALL_MS = 10 * 60_000

const HOURLY =
  'a disconnect tries again every hour, unless credentials are refused, and a person may decide before'
const FAILS = 'The workflow fails, with the code on top and `Phase` `failed`'

/**
 * How an activity is tried, by what it is: short or long, and what bounds it. A long call beats, so that a killed worker is
 * noticed; a short one is over before it would be.
 */
const OPTIONS = {
  /** In the ledger, or on Temporal itself; an outage is waited out. */
  shortLedgerCall: {
    startToCloseTimeout: '1 minute',
    retry: { ...RETRY, maximumAttempts: QUARTER_HOUR_TRIES },
  },
  /** Must be kept before anything else is done; nobody waits for its answer. */
  evidenceCall: {
    startToCloseTimeout: '1 minute',
    scheduleToCloseTimeout: '1 day',
    retry: RETRY,
  },
  /** Tried twice, as it holds something else up and can be left out. */
  passingCall: {
    startToCloseTimeout: '2 minutes',
    retry: { ...RETRY, maximumAttempts: 2 },
  },
  /** A line in the ledger that can be left out. */
  passingNote: { startToCloseTimeout: '10 seconds', retry: { ...RETRY, maximumAttempts: 5 } },
  /** Reading and writing in bulk, which its caller asks for again. */
  longSyncCall: {
    startToCloseTimeout: '6 hours',
    heartbeatTimeout: HEARTBEAT,
    retry: { ...RETRY, maximumAttempts: 15 },
  },
  /** The same in a step, which then pauses. */
  longStepCall: {
    startToCloseTimeout: '6 hours',
    heartbeatTimeout: HEARTBEAT,
    retry: { ...RETRY, maximumAttempts: QUARTER_HOUR_TRIES },
  },
  /** In the ledger, by a deadline: tried again sooner. */
  shortSendoutCall: {
    startToCloseTimeout: '1 minute',
    heartbeatTimeout: HEARTBEAT,
    retry: { ...RETRY, maximumInterval: '10 seconds' },
  },
  /** Work over many people, by a deadline. */
  longSendoutCall: {
    startToCloseTimeout: '30 minutes',
    heartbeatTimeout: HEARTBEAT,
    retry: { ...RETRY, maximumInterval: '10 seconds' },
  },
  /** Tried until it is done. */
  endlessCall: {
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: HEARTBEAT,
    retry: { ...RETRY, maximumInterval: '10 seconds' },
  },
  /** Somebody waits for the answer. */
  boundedLook: {
    scheduleToCloseTimeout: `${LOOK_SECONDS} seconds`,
    heartbeatTimeout: HEARTBEAT,
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumAttempts: 4 },
  },
  /** Making something on both sides. */
  longInstallation: {
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: HEARTBEAT,
    retry: { ...RETRY, maximumAttempts: QUARTER_HOUR_TRIES },
  },
  /** Removing something that may be large. */
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
  /** A side that does not answer, or refuses us, holds nothing up. */
  boundedRemoval: {
    startToCloseTimeout: '1 minute',
    scheduleToCloseTimeout: '3 minutes',
    retry: { ...RETRY, maximumInterval: '10 seconds', maximumAttempts: 5 },
  },
} as const satisfies Readonly<Record<string, ActivityOptions>>

/** The groups, by the work that they are, under which workflows use them. */
export const ACTIVITY_LIMITS = {
  /** Reading and writing in bulk. */
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
      'The sweep, inbox or resync fails, and has lost nothing: what was due is due. The cron tries a sweep again after ' +
      'five minutes, until then it shows as failed; an inbox is started by the next hint, and its hints are handled by ' +
      'the next sweep at the latest; a resync is started anew by hand. In the last step of set-up (hints that wait) the step pauses',
  }),
  /** Short work of set-up, in the ledger or on Temporal itself. */
  setupCalls: group({
    activities: ['planSetup', 'activateConnection', 'startSweep', 'countDue'],
    options: OPTIONS.shortLedgerCall,
    afterLast: `In a step, set-up pauses there. Before the first step: ${FAILS}; so does a pause or a resumption, and may be repeated`,
  }),
  /** What Support decided, which is kept before it is carried out. */
  evidence: group({
    activities: ['keepSetupDecision', 'keepStepDecision'],
    options: OPTIONS.evidenceCall,
    afterLast: `${FAILS}; the decision is not carried out. Started again, it goes on where it was`,
  }),
  /** What the sweep leaves in order, and what it tells; somebody else's hanging system must not hold it up. */
  housekeeping: group({
    activities: ['tidyUp', 'tellNotices'],
    options: OPTIONS.passingCall,
    afterLast:
      'The sweep, or the first sync, passes over it, and is done. That `tidyUp` failed, the status and `connection show` say ' +
      '(`untidy`); that nothing could be told is not told: the next sweep tells',
  }),
  /** What a sweep came to, for `connection show`. */
  sweepNotes: group({
    activities: ['noteSweep'],
    options: OPTIONS.passingNote,
    afterLast:
      'It is passed over: `connection show` tells what it knew before, and by itself that no sweep was done for two hours',
  }),
  /** Short work of a pre-send in the ledger. */
  sendoutOpening: group({
    activities: ['checkPreSend', 'openSendout'],
    options: OPTIONS.shortSendoutCall,
    deadline: 'ends',
    afterLast:
      'The run is closed with nobody verified. A request that is refused, as for an unknown account, fails the workflow. Who asks to ' +
      'join is checked within 10 s, or fails',
  }),
  /** Closing a run, whatever became of it. */
  sendoutClosing: group({
    activities: ['openSendout', 'closeSendout'],
    options: OPTIONS.endlessCall,
    afterLast:
      "There is no last one: until the database is back an earlier run's list cannot be read, and from then on it must not be",
  }),
  /** Work of a sendout, which has a deadline. */
  sendoutPreparing: group({
    activities: ['fixAudience', 'proveFreshness', 'syncMembers', 'settleRun'],
    options: OPTIONS.longSendoutCall,
    deadline: 'ends',
    afterLast: 'Whoever was not verified by then is not on the list',
  }),
  /** The last look and the verdicts, once the deadline has passed; before, as often as there is time for. */
  sendoutDeciding: group({
    activities: ['decideMembers'],
    options: lastCallOptions(0),
    deadline: 'extends',
    afterLast: 'Whoever is not decided upon counts as not verified, and is not on the list',
  }),
  /** Steps of set-up; a disconnect's last sync. */
  stepWork: group({
    activities: ['runSetupStep', 'catchUpBoth', 'syncDue', 'settleRun'],
    options: OPTIONS.longStepCall,
    afterLast:
      'The step pauses, so that somebody sees it. Set-up tries it again by itself where somebody may have mended it outside ' +
      `([setup.md](setup.md#why-it-waits)), ${HOURLY}`,
  }),
  /** Somebody waits for a preview: what does not answer is told within a minute. */
  previewing: group({
    activities: ['planSetup', 'previewSetupStep'],
    options: OPTIONS.boundedLook,
    afterLast: 'The preview fails, and says what was in the way',
  }),
  /** Short work of a connection's life, in the ledger or on Temporal itself. */
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
  /** Both sides' webhooks; the former ones go on meanwhile. */
  webhookInstalling: group({
    activities: ['installRotatedWebhooks'],
    options: OPTIONS.longInstallation,
    afterLast: 'The workflow fails; the former address and secret go on, and it may be repeated',
  }),
  /** Removing something outside. */
  stepRemoval: group({
    activities: ['removeCrmWebhooks', 'keepSubscriptions', 'undoSetupStep'],
    options: OPTIONS.longRemoval,
    afterLast: `The step pauses: ${HOURLY}`,
  }),
  /** eMarketeer's webhook. */
  webhookRemoval: group({
    activities: ['removeEmarketeerWebhook'],
    options: OPTIONS.shortRemoval,
    afterLast: `The step pauses: ${HOURLY}`,
  }),
  /**
   * Webhooks of a connection that is only disabled: a CRM that does not answer, or refuses us, must not keep it from
   * ending. A webhook that is left is refused by the gateway (410).
   */
  webhookDisabling: group({
    activities: ['removeCrmWebhooks', 'removeEmarketeerWebhook'],
    options: OPTIONS.boundedRemoval,
    afterLast: 'The step is passed over, and says so',
  }),
} as const

/**
 * An outage is waited out as long as the deadline allows; after it, too, the verdicts are made, but bounded, since somebody
 * is waiting. The activity itself gives up sooner where it was asked to wait for long.
 * @param remainingMs until the deadline; 0 where it has passed.
 */
export function lastCallOptions(remainingMs: number): ActivityOptions {
  return {
    // One that hangs is given up while there is time for another.
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
