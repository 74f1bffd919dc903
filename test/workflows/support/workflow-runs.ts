import type { Client } from '@temporalio/client'
import type { temporal } from '@temporalio/proto'

type Event = temporal.api.history.v1.IHistoryEvent

/** One run of a workflow id, from its history. */
export interface PastRun {
  readonly runId: string
  readonly outcome: 'running' | 'completed' | 'failed' | 'continuedAsNew' | 'other'
  /** When its work began; a cron's run is created before its time. */
  readonly firstTask: Date
  readonly events: readonly Event[]
}

/** All runs of a chain, first to last, each followed to the next. */
export async function runsOf(
  client: Client,
  workflowId: string,
  firstRunId: string,
): Promise<PastRun[]> {
  const runs: PastRun[] = []
  for (let runId: string | null | undefined = firstRunId; runId;) {
    const { events = [] } = await client.workflow.getHandle(workflowId, runId).fetchHistory()
    const last = (events ?? []).at(-1)!
    const firstTask = (events ?? []).find((event) => event.workflowTaskStartedEventAttributes)
    runs.push({
      runId,
      outcome: outcomeOf(last),
      firstTask: new Date(Number(firstTask?.eventTime?.seconds ?? 0) * 1_000),
      events: events ?? [],
    })
    runId = nextRunOf(last)
  }
  return runs
}

/** Events of one kind. */
export function eventsOf(events: readonly Event[], attributes: keyof Event): Event[] {
  return events.filter((event) => event[attributes])
}

function outcomeOf(last: Event): PastRun['outcome'] {
  if (last.workflowExecutionCompletedEventAttributes) {
    return 'completed'
  }
  if (last.workflowExecutionFailedEventAttributes) {
    return 'failed'
  }
  const next = last.workflowExecutionContinuedAsNewEventAttributes
  if (next) {
    // The time-skipping server ends a cron's runs with this event while the next one waits; a real server ends them
    // with their result.
    const waitsSeconds = Number(next.backoffStartInterval?.seconds ?? 0)
    if (waitsSeconds <= 1) {
      return 'continuedAsNew'
    }
    return next.failure ? 'failed' : 'completed'
  }
  return 'other'
}

function nextRunOf(last: Event): string | null | undefined {
  return (
    last.workflowExecutionCompletedEventAttributes?.newExecutionRunId ??
    last.workflowExecutionFailedEventAttributes?.newExecutionRunId ??
    last.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId
  )
}
