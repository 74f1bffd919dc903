import { findListRun, readMailingListPage } from '../sync/sendout/mailing-list.js'
import type { SendoutReference } from '../sync/sendout/whose-sendout.js'
import type { Output } from './output.js'
import { withSystems } from './resources.js'
import { jsonText } from './terminal-text.js'

/**
 * Writes a sendout's list as lines of JSON, a page at a time; stops early when nobody reads any more.
 * @throws AppError `sendout_not_found`, `list_not_available`, `crm_changed`; UpstreamError when eMarketeer cannot be reached: the rest of
 *   the list is then not given out.
 */
export function writeMailingList(sendout: SendoutReference, output: Output): Promise<void> {
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
      const lines = page.entries.map((entry) => `${jsonText(entry)}\n`).join('')
      const stillRead = lines === '' || (await output.write(lines))
      cursor = stillRead ? page.nextCursor : null
    } while (cursor !== null)
  })
}
