import {
  findListRun,
  readMailingListPage,
  type MailingListPage,
} from '../sync/sendout/mailing-list.js'
import type { SendoutReference } from '../sync/sendout/whose-sendout.js'
import { withSystems } from './resources.js'

/**
 * Reads a sendout's list page by page, until its end or until `take` returns false because nobody reads any more.
 * @throws AppError `sendout_not_found`, `list_not_available`, `crm_changed`; UpstreamError if eMarketeer cannot be
 * reached, and then the rest of the list is not returned.
 */
export function readMailingList(
  sendout: SendoutReference,
  take: (entries: MailingListPage['entries']) => Promise<boolean>,
): Promise<void> {
  return withSystems(async ({ systems, db }) => {
    const run = await findListRun(db, sendout)
    const session = await systems.session({
      connectionId: run.connectionId,
      runId: run.sendoutRunId,
      trigger: 'preSend',
      workflowId: run.workflowId,
    })
    let cursor: string | null = null
    do {
      const page = await readMailingListPage(session, run, cursor)
      cursor = (await take(page.entries)) ? page.nextCursor : null
    } while (cursor !== null)
  })
}
