import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import type { ConnectionView } from '../../app/connection/connection-view.js'
import { type PauseView, type Attribution, sweepLines } from '../../app/connection/view-parts.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import { jsonText, linesText } from '../terminal-text.js'
import type { Output } from '../output.js'
import { withLedger, withTemporal } from '../../app/resources.js'

/** `lbsync connection show ID` */
export function addConnectionShow(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'show <id>',
    summary: 'show a connection: settings without secrets, state, counts',
    exitCodes: [EXIT.notFound, EXIT.unreachable],
  }).action(async (connectionId: string, { json = false }: JsonOption) => {
    const { keptFor, measuresOf, viewOf } = await import('../../app/connection/connection-view.js')
    const { requireConnection } = await import('../../app/connection/require-running.js')
    const { connectionCounts } = await import('../../ledger/copy/connection-counts.js')
    const { noticeSentences } = await import('../../connection/notices.js')
    const view = await withLedger(async (db) => {
      const connection = await requireConnection(db, connectionId)
      const counts = await connectionCounts(db, connectionId)
      const kept = await keptFor(db, connection)
      return viewOf(connection, counts, kept, await measuresOf(db, connection))
    })
    const shown = { ...view, setUpRuns: await setUpRunsOf(view) }
    await output.answer(json, shown, () => textOf(shown, noticeSentences(view)))
  })
}

/** The view from the ledger, and whether set-up runs; null if it need not run or Temporal is unreachable. */
interface Shown extends ConnectionView {
  readonly setUpRuns: boolean | null
}

async function setUpRunsOf({ connectionId, state }: ConnectionView): Promise<boolean | null> {
  if (state !== 'settingUp') {
    return null
  }
  const { setUpRuns } = await import('../../app/setup/look-at-setup.js')
  return withTemporal((temporal) => setUpRuns(temporal, connectionId)).catch(() => null)
}

function textOf(view: Shown, notices: readonly string[]): string {
  const { verifiedAsOf, blocked, counts } = view
  const asOf = (time: string | null) => (time === null ? 'not yet verified' : `as of ${time}`)
  const lines = [
    `Connection ${view.connectionId}: account ${view.accountId}, CRM ${view.crm}, ${view.state}, epoch ${view.epoch}`,
    `eMarketeer ${asOf(verifiedAsOf.emarketeer)}; CRM ${asOf(verifiedAsOf.crm)}`,
    ...(view.crmRowsWithoutOwner
      ? ['A CRM row does not name its owner: "as of" proves only records that were read directly']
      : []),
    ...stateLines(view),
    ...(['emarketeer', 'crm'] as const).flatMap((side) => {
      const breaker = blocked[side]
      return breaker === null ? [] : [breakerLine(side, breaker, view.pause?.mode === 'refused')]
    }),
    `Contacts linked ${counts.linked}, due ${counts.due}; decisions held ${counts.held}; ambiguous events ${counts.ambiguousEvents}`,
    ...(counts.disagreements === 0
      ? []
      : [`${counts.disagreements} addresses where CRM records disagree; not mailed (lbsync why)`]),
    ...unknownLines(counts),
    ...notices,
    ...unusableLines(view),
    ...(view.ambiguous.length === 0
      ? []
      : [
          'Ambiguous, as only an unrelated edit in the CRM spoiled the proof, newest first (lbsync why):',
        ]),
    ...view.ambiguous.map(
      ({ at, cell, line, contactId }) =>
        `  ${at}  ${cell}, rule ${line}: eMarketeer contact ${contactId ?? 'gone'}`,
    ),
    ...(view.decisions.length === 0 ? [] : ['Decided by people, newest first:']),
    ...view.decisions.map(
      ({ at, subject, action, by, reason }) =>
        `  ${at}  ${subject}: ${action}, by ${by}: ${reason}`,
    ),
  ]
  return `${linesText(lines)}\n${jsonText(view.config, 2)}`
}

/** Counts of unreadable values; the persons concerned are not mailed. */
function unknownLines({
  unreadable,
  unreadableInEmarketeer,
  unknownSubscriptions,
}: ConnectionView['counts']): string[] {
  return [
    ...(unreadable === 0
      ? []
      : [
          `${unreadable} CRM records whose consent cannot be read; not mailed. Let our user read their columns`,
        ]),
    ...(unreadableInEmarketeer === 0
      ? []
      : [
          `${unreadableInEmarketeer} addresses whose state in eMarketeer cannot be read; not mailed. The log names contacts (emarketeer_answer_invalid)`,
        ]),
    ...(unknownSubscriptions === 0
      ? []
      : [`${unknownSubscriptions} subscriptions in the CRM are neither Yes nor No; not mailed`]),
  ]
}

/** The records that the notice about address fields counts, by ids, because an address stays in its system. */
function unusableLines({ unusableAddresses }: ConnectionView): string[] {
  const names = { crm: 'the CRM', emarketeer: 'eMarketeer' } as const
  return (['crm', 'emarketeer'] as const).flatMap((side) => {
    const { count, contactIds } = unusableAddresses[side]
    const more = count > contactIds.length ? ' and more' : ''
    return count === 0 ? [] : [`  in ${names[side]}: ${contactIds.join(', ')}${more}`]
  })
}

/** What people did to the connection, and how its sweeps, webhooks and clocks are. */
function stateLines({
  connectionId,
  pause,
  disabled,
  webhooks,
  clock,
  times,
  futureStamps,
  walk,
  sweep,
  setUpRuns,
}: Shown): string[] {
  return [
    ...(setUpRuns === false
      ? ['Its set-up does not run: apply its file again (lbsync connection apply)']
      : []),
    ...(pause === null ? [] : [pauseLine(pause)]),
    ...(disabled === null
      ? []
      : [`Disabled${removalText(connectionId, disabled)}${attributionText(disabled)}`]),
    ...(sweep === null ? [] : sweepLines(sweep)),
    ...(webhooks?.installed === false
      ? [`The CRM posts no changes (${webhooks.reason}); the sweep finds them`]
      : []),
    ...(clock === null
      ? []
      : [
          `Clock of the CRM: ${clock.offsetMs} ms ahead at ${clock.measuredAt}` +
            (clock.timesCount || times !== null ? '' : '; too far off: its times prove nothing'),
        ]),
    ...(times === null
      ? []
      : [
          `Times of the CRM's rows (${times.mode}) ${times.counts ? 'count' : 'do not all count'}` +
            `${times.since === null ? '' : ` since ${times.since}`}: ${times.reason}`,
        ]),
    ...(futureStamps === null
      ? []
      : [
          `Times in the future in the CRM, read at every sweep until they are corrected there: ${futureStamps.count} records, ` +
            futureStamps.records.map(({ contactId, at }) => `${contactId} (${at})`).join(', '),
        ]),
    ...(walk === null
      ? []
      : [
          `Daily walk over addresses: ${walk.done} of ${walk.total}, last complete ` +
            (walk.lastCompletedAt ?? 'never'),
        ]),
  ]
}

function removalText(
  connectionId: string,
  { removeInstalled, installationLeft }: NonNullable<ConnectionView['disabled']>,
): string {
  if (!removeInstalled) {
    return ''
  }
  return installationLeft
    ? `, installation not completely removed (lbsync setup status ${connectionId})`
    : ', installation removed'
}

function attributionText({ reason, by, since }: Attribution): string {
  return since === null ? '' : `, by ${by} at ${since}: ${reason}`
}

function pauseLine(pause: PauseView): string {
  switch (pause.mode) {
    case 'all':
      return `Paused${attributionText(pause)}`
    case 'loosening':
      return `Paused, opt-outs flow${attributionText(pause)}`
    case 'refused':
      return `Paused by itself${pause.since === null ? '' : ` since ${pause.since}`}: ${pause.reason}`
  }
}

/** The line of a tripped breaker. @param isReasonShown the line about the pause already has the reason. */
function breakerLine(
  side: string,
  { code, until, reason }: NonNullable<ConnectionView['blocked']['crm']>,
  isReasonShown: boolean,
): string {
  const words = reason === null || isReasonShown ? '' : `: ${reason}`
  return `Not called before ${until}: ${side} (${code})${words}`
}
