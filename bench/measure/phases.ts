import type { TemporalClient } from '../../src/config/temporal/temporal.js'

/** Phases of a pre-send, in order. */
export const PHASES = ['audience', 'proof', 'sync', 'decide', 'close'] as const
export type Phase = (typeof PHASES)[number]

/** Start and end, Unix ms. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** The phase of each activity of the pre-send; child workflows, and activities that are not listed, are `sync`. */
const PRE_SEND: Readonly<Record<string, Phase>> = {
  checkPreSend: 'audience',
  openSendout: 'audience',
  fixAudience: 'audience',
  proveFreshness: 'proof',
  decideMembers: 'decide',
  closeSendout: 'close',
}

/** The phase of each activity of a set-up with its first sync; activities that are not listed are `end`. */
const SETUP: Readonly<Record<string, string>> = {
  planSetup: 'steps',
  runSetupStep: 'steps',
  catchUpBoth: 'read',
  countDue: 'read',
  syncDue: 'sync',
  settleRun: 'settle',
}

/** The phases of a pre-send. */
export function preSendPhases(
  client: TemporalClient['client'],
  workflowId: string,
): Promise<ReadonlyMap<Phase, Span>> {
  return phasesOf(client, workflowId, (activity) => PRE_SEND[activity] ?? 'sync')
}

/** The phases of a set-up with its first sync. */
export function setupPhases(
  client: TemporalClient['client'],
  workflowId: string,
): Promise<ReadonlyMap<string, Span>> {
  return phasesOf(client, workflowId, (activity) => SETUP[activity] ?? 'end')
}

/**
 * When each phase ran, by the workflow's history: from the scheduling of its first activity to the end of its last one.
 * @param phaseWith the phase of an activity's type; a child workflow has none (`''`).
 */
async function phasesOf<P extends string>(
  client: TemporalClient['client'],
  workflowId: string,
  phaseWith: (activity: string) => P,
): Promise<ReadonlyMap<P, Span>> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory()
  const phaseOf = new Map<string, P>()
  const spans = new Map<P, Span>()
  for (const event of events ?? []) {
    const atMs = Number(event.eventTime!.seconds) * 1000 + event.eventTime!.nanos! / 1e6
    const scheduled = event.activityTaskScheduledEventAttributes
    if (scheduled || event.startChildWorkflowExecutionInitiatedEventAttributes) {
      const phase = phaseWith(scheduled?.activityType?.name ?? '')
      phaseOf.set(String(event.eventId), phase)
      spans.set(phase, spans.get(phase) ?? { fromMs: atMs, toMs: atMs })
    }
    const begun =
      event.activityTaskCompletedEventAttributes?.scheduledEventId ??
      event.childWorkflowExecutionCompletedEventAttributes?.initiatedEventId
    const phase = phaseOf.get(String(begun))
    if (phase !== undefined) {
      spans.set(phase, { ...spans.get(phase)!, toMs: atMs })
    }
  }
  return spans
}
