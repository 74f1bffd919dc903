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
const PHASE_OF: Readonly<Record<string, Phase>> = {
  checkPreSend: 'audience',
  openSendout: 'audience',
  fixAudience: 'audience',
  proveFreshness: 'proof',
  decideMembers: 'decide',
  closeSendout: 'close',
}

/**
 * When each phase ran, by the workflow's history: from the scheduling of its first activity to the end of its last one.
 */
export async function phasesOf(
  client: TemporalClient['client'],
  workflowId: string,
): Promise<ReadonlyMap<Phase, Span>> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory()
  const phaseOf = new Map<string, Phase>()
  const spans = new Map<Phase, Span>()
  for (const event of events ?? []) {
    const atMs = Number(event.eventTime!.seconds) * 1000 + event.eventTime!.nanos! / 1e6
    const scheduled = event.activityTaskScheduledEventAttributes
    if (scheduled || event.startChildWorkflowExecutionInitiatedEventAttributes) {
      const phase = PHASE_OF[scheduled?.activityType?.name ?? ''] ?? 'sync'
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
