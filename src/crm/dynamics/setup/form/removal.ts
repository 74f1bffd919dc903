import type { CallContext } from '../../../../http/index.js'
import { type CrmFacts, SetupPaused, type StepContext } from '../../../crm.js'
import type { DataverseClient } from '../../client.js'
import { applyEdits } from './edits.js'
import { readForm } from './form-document.js'
import { FormShapeError } from './xml-tree.js'
import { holdsOurs, removeSection } from './splice.js'
import type { DynamicsCrm } from '../../session.js'
import { basedOnNewest } from './newest.js'
import { formUncertain, oddForm } from './pauses.js'
import { contactMainForms, type FormLayer, type MainForm, readLayers, writeDraft } from './rows.js'
import { holdForDrafts } from '../publish/foreign-drafts.js'
import { publishTables, untilPublished } from '../publish/publish-tables.js'

const CHOICES: readonly string[] = ['retry', 'abort']

/** What may be chosen besides `retry` and `publishAll`. */
const ELSE = ['abort'] as const

/**
 * Removes our section from every main form that has it, including copies made by the customer, and publishes. Otherwise
 * the view could not be deleted: the published form counts as a use until then (docs/wire-dataverse.md, 16.14).
 *
 * @returns facts to store. @throws SetupPaused `draftPending`, `formUncertain`; UpstreamError.
 */
export async function removeFromForms(
  { client }: DynamicsCrm,
  context: StepContext,
): Promise<CrmFacts> {
  const forms = await contactMainForms(client, context)
  const holding: MainForm[] = []
  // All forms are checked before the first is changed.
  for (const form of forms) {
    const own = await readOwn(client, form, forms, context)
    if (own === null) {
      continue
    }
    if (!form.customizable) {
      throw new SetupPaused({
        ...formUncertain(`The form "${form.name}" is locked, and has our section.`, forms),
        choices: CHOICES,
      })
    }
    holding.push(form)
  }
  const pause = holding.length === 0 ? null : await holdForDrafts(client, ELSE, context)
  if (pause !== null) {
    throw new SetupPaused(pause)
  }
  for (const form of holding) {
    await basedOnNewest(async (versionOf) => {
      // Somebody may have saved since the check.
      const own = await readOwn(client, form, forms, context)
      if (own?.inDraft === true) {
        const xml = applyEdits(own.draft.xml, removeSection(readForm(own.draft.xml)))
        const change = { xml, ifMatch: versionOf(own.draft), intoSolution: false }
        await writeDraft(client, form.formId, change, context)
      }
    })
  }
  if (holding.length > 0) {
    await publishTables(client, ['contact'], ELSE, context)
  }
  for (const { formId } of holding) {
    await untilPublished(client, formId, { shown: false }, context)
  }
  return { form: null }
}

/**
 * The draft of a form with a part of ours in either layer; null if there is none. @throws SetupPaused `formUncertain`
 */
async function readOwn(
  client: DataverseClient,
  form: MainForm,
  forms: readonly MainForm[],
  context: CallContext,
): Promise<{ readonly draft: FormLayer; readonly inDraft: boolean } | null> {
  const layers = await readLayers(client, form.formId, context)
  if (layers === null) {
    return null
  }
  try {
    const inDraft = holdsOurs(layers.draft.xml)
    if (!inDraft && !holdsOurs(layers.published.xml)) {
      return null
    }
    return { draft: layers.draft, inDraft }
  } catch (error) {
    if (error instanceof FormShapeError) {
      throw new SetupPaused({ ...oddForm(error, form, forms), choices: CHOICES })
    }
    throw error
  }
}
