import { AppError } from '../../contracts/app-error.js'
import type { Channel, MailingListEntry } from '../../contracts/pre-send.js'
import { newestSendoutRun, type SendoutRun } from '../../ledger/sendout/sendouts.js'
import type { Queryable } from '../../ledger/db/database.js'
import { catchUpEmarketeer } from '../mirror/catch-up-emarketeer.js'
import type { SyncSession } from '../../connection/session.js'
import { judgeSelection, type ListedMember } from './gate/load-gate.js'
import { isSuperseded, type SendoutReference } from './whose-sendout.js'

/** One page of the list. `nextCursor` null: this is the last page. */
export interface MailingListPage {
  readonly entries: readonly MailingListEntry[]
  readonly nextCursor: string | null
}

/** Most targeted contacts that one page covers. */
const PAGE_SIZE = 5_000

/**
 * The run whose list may be read: the newest of stage `send`.
 * @throws AppError `sendout_not_found`; `list_not_available` while undecided or after an abort; `crm_changed`.
 */
export async function findListRun(db: Queryable, sendout: SendoutReference): Promise<SendoutRun> {
  const { sendoutId, accountId } = sendout
  const run = await newestSendoutRun(db, sendoutId, 'send', accountId)
  if (!run) {
    throw new AppError('sendout_not_found', `There is no list of sendout ${sendoutId}.`, {
      path: 'sendoutId',
      value: sendoutId,
    })
  }
  if (run.outcome !== 'decided') {
    const state = run.outcome === 'aborted' ? 'was aborted' : 'is not decided yet'
    throw new AppError('list_not_available', `Sendout ${sendoutId} ${state}.`, {
      path: 'sendoutId',
      value: sendoutId,
    })
  }
  if (await isSuperseded(db, run)) {
    throw new AppError(
      'crm_changed',
      `Sendout ${sendoutId} was decided before the account's CRM was connected as it is now.`,
      {
        path: 'sendoutId',
        value: sendoutId,
      },
    )
  }
  return run
}

/**
 * A page of the mailing list. First eMarketeer's feed is read, and each contact is decided again by the copy and the
 * inbox, so nobody who withdrew after the decision is on the page (rule G3). If eMarketeer is unreachable, no page is
 * returned.
 *
 * @param cursor from the page before, or null for the first.
 * @throws UpstreamError; AppError `value_invalid` for an invalid cursor.
 */
export async function readMailingListPage(
  session: SyncSession,
  run: SendoutRun,
  cursor: string | null,
): Promise<MailingListPage> {
  const from = cursor === null ? 0 : parseCursor(cursor)
  await catchUpEmarketeer(session)
  const { sendoutRunId } = run
  const selection = { sendoutRunId, from, limit: PAGE_SIZE, eligibleOnly: true }
  const judged = await judgeSelection(session, run, selection, { mustBeFresh: false })
  const eligible = new Set(
    judged.verdicts.filter((j) => j.verdict === 'eligible').map((j) => j.position),
  )
  const members = judged.listed.sort((a, b) => a.position - b.position)
  const last = members.at(-1)
  return {
    entries: members
      .filter(({ position }) => eligible.has(position))
      .map((member) => entryOf(member, run.channel ?? 'email')),
    nextCursor: last && members.length === PAGE_SIZE ? `p${last.position + 1}` : null,
  }
}

/** Only what the channel needs: no number for e-mail, no address for SMS. */
function entryOf({ contactId, reachedAt }: ListedMember, channel: Channel): MailingListEntry {
  return channel === 'sms'
    ? { contactId, email: null, mobile: reachedAt }
    : { contactId, email: reachedAt, mobile: null }
}

function parseCursor(cursor: string): number {
  const match = /^p(\d{1,9})$/.exec(cursor)
  if (!match) {
    throw new AppError('value_invalid', 'The cursor is none that a page of this list gave.', {
      path: 'cursor',
    })
  }
  return Number(match[1])
}
