import type { CallContext } from '../../../http/index.js'
import { type CrmFacts, SetupPaused } from '../../crm.js'
import { applyEdits } from '../forms/edits.js'
import { readForm } from '../forms/form-document.js'
import { FormShapeError } from '../forms/form-shape-error.js'
import { removeSection } from '../forms/splice.js'
import type { DataverseClient } from '../client.js'
import type { DynamicsSession } from '../session.js'
import { basedOnNewest } from './form-newest.js'
import { draftPending, formUncertain, oddForm } from './form-pauses.js'
import { isColleagues, ownLayers } from './form-plan.js'
import { contactMainForms, type MainForm, writeDraft } from './form-rows.js'
import { publishTables } from './publish-tables.js'
import { untilPublished } from './publish-wait.js'

/**
 * Takes our section out of every main form that has it (also of copies that the customer made of the form, or the view
 * could not be deleted), and publishes: what waits unpublished counts as a use (docs/wire-dataverse.md, 16.14).
 *
 * @throws SetupPaused `draftPending`, `formUncertain`; UpstreamError.
 */
export async function removeFromForms(
  { client }: DynamicsSession,
  context: CallContext,
): Promise<CrmFacts> {
  const forms = await contactMainForms(client, context)
  const holding: { form: MainForm; own: NonNullable<Awaited<ReturnType<typeof ownLayers>>> }[] = []
  for (const form of forms) {
    const own = await readOwn(() => ownLayers(client, form.formId, context), form, forms)
    if (own?.published === true || own?.draft === true) {
      holding.push({ form, own })
    }
  }
  // All are looked at before the first is changed.
  for (const { form, own } of holding) {
    if (isColleagues(own.layers)) {
      throw paused(draftPending(form, ['retry', 'abort']))
    }
    if (!form.customizable) {
      throw paused({
        ...formUncertain(`The form "${form.name}" is locked, and has our section.`, forms),
        choices: ['retry', 'abort'],
      })
    }
  }
  for (const { form } of holding) {
    await removeFrom(client, form, forms, context)
  }
  if (holding.length > 0) {
    await publishTables(client, ['contact'], context)
    for (const { form } of holding) {
      await untilPublished(client, form.formId, { shown: false }, context)
    }
  }
  return { form: null }
}

/** Reads again right before writing: between looking and this, somebody may have saved. */
async function removeFrom(
  client: DataverseClient,
  form: MainForm,
  forms: readonly MainForm[],
  context: CallContext,
): Promise<void> {
  await basedOnNewest(async (versionOf) => {
    const own = await readOwn(() => ownLayers(client, form.formId, context), form, forms)
    if (own?.draft !== true) {
      return
    }
    if (isColleagues(own.layers)) {
      throw paused(draftPending(form, ['retry', 'abort']))
    }
    const { draft } = own.layers
    const xml = applyEdits(draft.xml, removeSection(readForm(draft.xml)))
    const change = { xml, ifMatch: versionOf(draft), intoSolution: false }
    await writeDraft(client, form.formId, change, context)
  })
}

async function readOwn<T>(
  read: () => Promise<T>,
  form: MainForm,
  forms: readonly MainForm[],
): Promise<T | null> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof FormShapeError) {
      throw paused({ ...oddForm(error, form, forms), choices: ['retry', 'abort'] })
    }
    throw error
  }
}

function paused(pause: SetupPaused['pause']): SetupPaused {
  return new SetupPaused(pause)
}
