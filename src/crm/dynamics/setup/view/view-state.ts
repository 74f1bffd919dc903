import type { SetupPause } from '../../../../contracts/setup.js'
import type { StepContext } from '../../../crm.js'
import { plain } from '../form/own-names.js'
import type { ViewFacts } from '../../facts.js'
import type { DynamicsCrm } from '../../session.js'
import {
  findOwnView,
  isActive,
  isCustomizable,
  isPublicOfOurs,
  readView,
  type ViewRow,
  viewsSeen,
  TOGGLE_COLUMN,
} from './view-rows.js'

/** The state of the view for the sub-grid. */
export type ViewState =
  | { readonly state: 'usable'; readonly facts: ViewFacts }
  | { readonly state: 'absent' }
  | { readonly state: 'paused'; readonly pause: SetupPause }

/**
 * Checks our view, or the one that Support named now or earlier (rule E2; docs/wire-dataverse.md, 10.5). If our view
 * was deleted after it was created, that was somebody's decision: it is created again only if Support chooses `retry`.
 *
 * @throws UpstreamError
 */
export async function viewState(crm: DynamicsCrm, context: StepContext): Promise<ViewState> {
  const { choice } = context
  const known = crm.facts.view
  const named = choice?.viewId ?? null
  if (named !== null || known?.chosen === true) {
    const viewId = plain(named ?? known?.viewId)
    const view = await readView(crm.client, viewId, context)
    const fault = faultOfChosen(view)
    return fault === null
      ? { state: 'usable', facts: { viewId, chosen: true } }
      : { state: 'paused', pause: await uncertain(crm, viewId, fault, context) }
  }
  const own =
    known === undefined
      ? await findOwnView(crm.client, context)
      : await readView(crm.client, known.viewId, context)
  const fault = faultOfOwn(own, known !== undefined && choice?.action !== 'retry')
  if (fault !== null) {
    const viewId = own?.savedqueryid ?? known?.viewId ?? null
    return { state: 'paused', pause: await uncertain(crm, viewId, fault, context) }
  }
  return own === null
    ? { state: 'absent' }
    : { state: 'usable', facts: { viewId: own.savedqueryid, chosen: false } }
}

function faultOfChosen(view: ViewRow | null): string | null {
  if (view === null) {
    return 'The view that was chosen does not exist.'
  }
  if (!isPublicOfOurs(view)) {
    return 'The view that was chosen is no public view of the subscription rows.'
  }
  if (view.fetchxml?.includes(TOGGLE_COLUMN) !== true) {
    return `The view that was chosen does not show ${TOGGLE_COLUMN}, the toggle.`
  }
  return isActive(view) ? null : 'The view that was chosen is deactivated.'
}

function faultOfOwn(view: ViewRow | null, wasMade: boolean): string | null {
  if (view === null) {
    return wasMade ? 'Our view was deleted; "retry" creates it again.' : null
  }
  if (!isActive(view)) {
    return 'Our view is deactivated; activate it, then retry.'
  }
  return isCustomizable(view) ? null : 'Our view is locked: it may not be customised any more.'
}

async function uncertain(
  crm: DynamicsCrm,
  viewId: string | null,
  fault: string,
  context: StepContext,
): Promise<SetupPause> {
  return {
    code: 'viewUncertain',
    message: `${fault} Or name another view of the subscription rows.`,
    choices: ['retry', 'useView', 'skip', 'abort'],
    seen: { viewId, views: await viewsSeen(crm.client, context) },
  }
}
