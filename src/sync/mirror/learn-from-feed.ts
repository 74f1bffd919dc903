import { clockOfDate, clockOfWrite } from '../../domain/clock.js'
import type { FeedItem } from '../../emarketeer/index.js'
import { probeOf, settleProbe } from '../../ledger/copy/crm-times.js'
import type { SyncSession } from '../../connection/session.js'

/** Learns eMarketeer's clock from the time at which it recorded our last write, where the feed shows that write now. */
export async function learnFromFeed(
  session: SyncSession,
  items: readonly FeedItem[],
): Promise<void> {
  if (session.crm?.capabilities.values !== 'rich' || items.length === 0) {
    return
  }
  const { db, connection } = session
  const probe = await probeOf(db, connection.connectionId)
  const echo = items.find((item) => item.id === probe?.changeId)
  if (probe !== null && echo !== undefined && echo.type !== 'unreadable') {
    const date = session.clock?.emarketeer ?? null
    await settleProbe(db, connection.connectionId, probe, {
      ...clockOfWrite(probe, echo.recordedAtMs),
      measuredAtMs: probe.answeredAtMs,
      date: date && clockOfDate(date),
    })
  }
}
