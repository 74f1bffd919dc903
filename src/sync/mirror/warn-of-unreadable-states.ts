import type { UnreadableState } from '../../emarketeer/index.js'
import type { SyncSession } from '../../connection/session.js'

/** Tells of contacts in eMarketeer whose state cannot be read: they are excluded from sendouts until it can. */
export function warnOfUnreadableStates(
  session: SyncSession,
  unreadable: readonly UnreadableState[],
): void {
  for (const { contactId, path } of unreadable) {
    session.log.warn(
      { code: 'emarketeer_answer_invalid', contactId, path },
      'the state of a contact could not be read',
    )
  }
}
