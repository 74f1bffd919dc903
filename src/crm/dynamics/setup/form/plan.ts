import type { SetupPause } from '../../../../contracts/setup.js'
import type { CallContext } from '../../../../http/index.js'
import type { StepContext } from '../../../crm.js'
import type { DataverseClient } from '../../client.js'
import type { Edit } from './edits.js'
import { readForm } from './form-document.js'
import type { FormFacts } from './form-facts.js'
import { FormShapeError } from './form-shape-error.js'
import { isCurrent, ownParts, type OwnParts } from './own-parts.js'
import type { SectionSpec } from './section-xml.js'
import { insertSection, withoutOurs } from './splice.js'
import type { DynamicsCrm } from '../../session.js'
import { draftPending, formUncertain, oddForm } from './pauses.js'
import { choosePlacement } from './placement.js'
import {
  contactMainForms,
  type FormLayer,
  type FormLayers,
  type MainForm,
  readLayers,
} from './rows.js'
import { sectionSpec } from './section-spec.js'
import { chooseForm } from './target.js'

/** What there is to do on the form. */
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
      /** In words: on which tab. */
      readonly where: string
    }

/** Looks at the forms and decides; changes nothing. @throws UpstreamError */
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
    const reason = `The form "${form.name}" went away meanwhile.`
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

/** A form that was locked after our section was published on it needs nothing more; null where it does. */
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
  const note = `The form "${form.name}" is locked by now; our section is on it.`
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
 * Whether a draft holds somebody's unpublished work (docs/wire-dataverse.md, 10.1). Our own parts do not count: a run
 * that was killed between writing and publishing leaves a draft too. @throws FormShapeError
 */
export function isColleagues({ published, draft }: FormLayers): boolean {
  const same = published.xml === draft.xml || withoutOurs(published.xml) === withoutOurs(draft.xml)
  return !same || published.name !== draft.name
}

/** Both layers, and what they hold of ours; null where the form is gone. @throws FormShapeError, UpstreamError */
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
