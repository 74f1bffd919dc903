import { SETUP_READ } from '../../../own-step.js'
import type { SetupPause, StepChoice } from '../../../../contracts/setup.js'
import { type CallContext, ifAvailable } from '../../../../http/index.js'
import type { StepContext } from '../../../crm.js'
import type { DataverseClient } from '../../client.js'
import { readForm, type FormDocument } from './form-document.js'
import type { FormFacts } from '../../facts.js'
import { FormShapeError } from './xml-tree.js'
import { isCurrent, ownParts, type OwnParts } from './own-parts.js'
import type { SectionSpec } from './section-xml.js'
import { insertSection, withoutOurs, type Placement, type Edit } from './splice.js'
import type { DynamicsCrm } from '../../session.js'
import { draftPending, formUncertain, oddForm, detailsTabMissing } from './pauses.js'
import {
  contactMainForms,
  type FormLayer,
  type FormLayers,
  type MainForm,
  readLayers,
} from './rows.js'
import { chooseForm } from './target.js'
import { TAB, plain } from './own-names.js'
import { detailsTab, isHidden, tabCalled, tabKey } from './tabs.js'
import { OWN_VIEW } from '../view/view-rows.js'
import { allRows } from '../../reading/pages.js'
import { stringLiteral } from '../../wire/odata.js'

/** What has to be done on the form. */
export type FormPlan =
  | { readonly state: 'paused'; readonly pause: SetupPause }
  | { readonly state: 'done'; readonly facts: FormFacts; readonly note: string | null }
  | {
      readonly state: 'due'
      readonly form: MainForm
      readonly draft: FormLayer
      readonly spec: SectionSpec
      readonly edits: readonly Edit[]
      readonly facts: FormFacts
      /** The tab, as text for people. */
      readonly where: string
    }

/** Reads the forms and decides what to do; changes nothing. @throws UpstreamError */
export async function planForm(crm: DynamicsCrm, context: StepContext): Promise<FormPlan> {
  const { client, facts } = crm
  const forms = await contactMainForms(client, context)
  const spec = await sectionSpec(crm, context)
  const target = chooseForm(forms, facts.form, context.choice)
  if ('pause' in target) {
    const asBefore = await inPlaceBefore(crm, forms, spec, context)
    return asBefore ?? { state: 'paused', pause: target.pause }
  }
  const { form, chosen, note } = target
  const layers = await readLayers(client, form.formId, context)
  if (layers === null) {
    const reason = `The form "${form.name}" was deleted meanwhile.`
    return { state: 'paused', pause: formUncertain(reason, forms) }
  }
  const known = facts.form?.formId === form.formId ? facts.form.tab : null
  try {
    const done = { state: 'done', facts: { formId: form.formId, chosen, tab: known } } as const
    if (isCurrent(ownParts(readForm(layers.published.xml)), spec)) {
      return { ...done, note }
    }
    if (isColleagues(layers)) {
      const choices = ['retry', 'useForm', 'skip', 'abort'] as const
      return { state: 'paused', pause: draftPending(form, choices) }
    }
    const document = readForm(layers.draft.xml)
    if (isCurrent(ownParts(document), spec)) {
      return { ...done, note }
    }
    const placed = choosePlacement(form, document, known, context.choice)
    if ('pause' in placed) {
      return { state: 'paused', pause: placed.pause }
    }
    return {
      state: 'due',
      form,
      draft: layers.draft,
      spec,
      edits: insertSection(document, placed.place, spec),
      facts: { formId: form.formId, chosen, tab: placed.tab },
      where: placed.where,
    }
  } catch (error) {
    if (error instanceof FormShapeError) {
      return { state: 'paused', pause: oddForm(error, form, forms) }
    }
    throw error
  }
}

/** If the form was locked after our section was published on it, nothing is left to do; otherwise null. */
async function inPlaceBefore(
  { client, facts }: DynamicsCrm,
  forms: readonly MainForm[],
  spec: SectionSpec,
  context: StepContext,
): Promise<FormPlan | null> {
  const form = forms.find(({ formId, active }) => active && formId === facts.form?.formId)
  if (facts.form === undefined || form === undefined || context.choice?.formId !== undefined) {
    return null
  }
  const layers = await readLayers(client, form.formId, context)
  const shown = layers === null ? null : partsIfReadable(layers.published.xml)
  const note = `The form "${form.name}" is now locked; our section is on it.`
  return shown !== null && isCurrent(shown, spec)
    ? { state: 'done', facts: facts.form, note }
    : null
}

function partsIfReadable(xml: string): OwnParts | null {
  try {
    return ownParts(readForm(xml))
  } catch (error) {
    if (error instanceof FormShapeError) {
      return null
    }
    throw error
  }
}

/**
 * Whether a draft contains somebody's unpublished work (docs/wire-dataverse.md, 10.1). Our own parts do not count,
 * because a run that was killed between writing and publishing leaves a draft too. @throws FormShapeError
 */
export function isColleagues({ published, draft }: FormLayers): boolean {
  const same = published.xml === draft.xml || withoutOurs(published.xml) === withoutOurs(draft.xml)
  return !same || published.name !== draft.name
}

/**
 * Both layers of a form, and whether each has our section; null if the form does not exist.
 * @throws FormShapeError, UpstreamError
 */
export async function ownLayers(
  client: DataverseClient,
  formId: string,
  context: CallContext,
): Promise<{ layers: FormLayers; published: boolean; draft: boolean } | null> {
  const layers = await readLayers(client, formId, context)
  const holdsOurs = (xml: string) => ownParts(readForm(xml)).section !== null
  return layers === null
    ? null
    : {
        layers,
        published: holdsOurs(layers.published.xml),
        draft: holdsOurs(layers.draft.xml),
      }
}

/** Where our section goes, and the tab to store; or the pause if no tab is certain. */
export type FormPlacement =
  | { readonly place: Placement; readonly tab: string | null; readonly where: string }
  | { readonly pause: SetupPause }

/** Chooses the tab (rule E2; docs/wire-dataverse.md, 10.5). `known`: the tab chosen earlier. @throws FormShapeError */
function choosePlacement(
  form: MainForm,
  document: FormDocument,
  known: string | null,
  choice: StepChoice | null,
): FormPlacement {
  const own = ownParts(document)
  if (own.section !== null) {
    // An existing section is updated in its present place; this placement is not used.
    return { place: { in: 'newTab' }, tab: known, where: 'where it stands' }
  }
  // `createTab` replaces an earlier choice, because the tab of that choice may have been removed.
  const wanted = choice?.action === 'createTab' ? null : (choice?.tab ?? known)
  const found = wanted === null || wanted === TAB.id ? null : tabCalled(document, wanted)
  if (wanted !== null && wanted !== TAB.id) {
    return found === null
      ? {
          pause: detailsTabMissing(
            'The chosen tab is missing, or there are several.',
            form,
            document,
          ),
        }
      : inTab(found, tabKey(found))
  }
  const details = detailsTab(document) ?? own.tab
  if (details !== null && choice?.action !== 'createTab') {
    return inTab(details, null)
  }
  return choice?.action === 'createTab' || wanted === TAB.id
    ? { place: { in: 'newTab' }, tab: TAB.id, where: 'on a new tab "Details"' }
    : { pause: detailsTabMissing('No tab is certainly the Details tab.', form, document) }
}

function inTab(tab: FormDocument['tabs'][number], key: string | null): FormPlacement {
  const name = tab.attributes['name'] ?? tab.attributes['id'] ?? ''
  const hidden = isHidden(tab) ? ' (which users do not see)' : ''
  return { place: { in: 'tab', tab }, tab: key, where: `on the tab ${name}${hidden}` }
}

/** Custom controls for editing the toggle in the grid, best first (docs/wire-dataverse.md, 16.11). */
const GRID_CONTROLS = [
  'Microsoft.PowerApps.PowerAppsOneGrid',
  'MscrmControls.Grid.PCFGridControl',
  'MscrmControls.Grid.GridControl',
]

/** For a preview before the organisation's languages are known. */
const ENGLISH = 1033

/** What our section's XML depends on in this organisation, even before anything is created. @throws UpstreamError */
async function sectionSpec(
  { client, facts }: DynamicsCrm,
  context: StepContext,
): Promise<SectionSpec> {
  const filter = GRID_CONTROLS.map((name) => `name eq ${stringLiteral(name)}`).join(' or ')
  const listing = { setName: 'customcontrols', select: ['name'], filter, name: SETUP_READ }
  // Without such a control users change the toggle on the row's own form, so that this is not a reason to stop.
  const rows = (await ifAvailable(allRows(client, listing, context))) ?? []
  const there = new Set(rows.map((row) => row['name']))
  return {
    viewId: plain(context.choice?.viewId ?? facts.view?.viewId ?? OWN_VIEW.viewId),
    languages: facts.organization?.languages ?? [ENGLISH],
    gridControl: GRID_CONTROLS.find((name) => there.has(name)) ?? null,
  }
}
