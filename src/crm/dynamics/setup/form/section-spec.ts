import type { StepContext } from '../../../crm.js'
import { plain } from './own-names.js'
import type { SectionSpec } from './section-xml.js'
import { OWN_VIEW } from '../view/view-xml.js'
import { allRows } from '../../reading/pages.js'
import type { DynamicsCrm } from '../../session.js'
import { whereTold } from '../../../../http/index.js'
import { stringLiteral } from '../../wire/odata.js'

/** Controls that let the toggle be flipped in the grid, the best first (docs/wire-dataverse.md, 16.11). */
const GRID_CONTROLS = [
  'Microsoft.PowerApps.PowerAppsOneGrid',
  'MscrmControls.Grid.PCFGridControl',
  'MscrmControls.Grid.GridControl',
]

/** Shown in a preview before the organisation's languages are known. */
const ENGLISH = 1033

/** What our section looks like in this organisation, also before anything was made. @throws UpstreamError */
export async function sectionSpec(
  { client, facts }: DynamicsCrm,
  context: StepContext,
): Promise<SectionSpec> {
  const filter = GRID_CONTROLS.map((name) => `name eq ${stringLiteral(name)}`).join(' or ')
  const listing = { setName: 'customcontrols', select: ['name'], filter, name: 'setup.look' }
  // Without such a control the toggle is flipped on the row's own form: no reason to go no further.
  const rows = (await whereTold(allRows(client, listing, context))) ?? []
  const there = new Set(rows.map((row) => row['name']))
  return {
    viewId: plain(context.choice?.viewId ?? facts.view?.viewId ?? OWN_VIEW.viewId),
    languages: facts.organization?.languages ?? [ENGLISH],
    gridControl: GRID_CONTROLS.find((name) => there.has(name)) ?? null,
  }
}
