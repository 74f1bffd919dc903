import { temporal } from '@temporalio/proto'

/** The size of a history as a server stores it. */
export function historySize(history: temporal.api.history.v1.IHistory): {
  readonly events: number
  readonly bytes: number
} {
  return {
    events: history.events?.length ?? 0,
    bytes: temporal.api.history.v1.History.encode(history).finish().length,
  }
}
