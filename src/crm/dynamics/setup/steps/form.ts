import { AppError } from '../../../../contracts/app-error.js'
import { type CrmFacts, SetupPaused, type StepContext } from '../../../crm.js'
import { applyEdits, type Edit, inOrder, holdsOurs, removeSection } from '../form/splice.js'
import { readForm } from '../form/form-document.js'
import { isCurrent, ownParts } from '../form/own-parts.js'
import type { DynamicsCrm } from '../../session.js'
import { type FormPlan, planForm } from '../form/plan.js'
import {
  readLayers,
  writeDraft,
  basedOnNewest,
  contactMainForms,
  type FormLayer,
  type MainForm,
} from '../form/rows.js'
import type { DynamicsStep } from '../step.js'
import { viewState } from '../view/view-state.js'
import type { CallContext } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import { FormShapeError } from '../form/xml-tree.js'
import { formUncertain, oddForm } from '../form/pauses.js'
import { holdForDrafts } from '../publish/foreign-drafts.js'
import { publishTables, untilPublished } from '../publish/publish-tables.js'

/** Puts the subscriptions section on the Details tab of the contact form (rule D2), as a draft. */
export const formStep: DynamicsStep = {
  id: 'form',
  title: 'Put the subscriptions on the contact form',
  weight: 8,
  without: 'users do not see the subscriptions on the contact',
  forSubscriptions: true,
  async verify(crm, context) {
    const plan = await planForm(crm, context)
    switch (plan.state) {
      case 'paused':
        return plan
      case 'done':
        return {
          state: 'done',
          facts: { form: plan.facts },
          ...(plan.note === null ? {} : { note: plan.note }),
        }
      case 'due': {
        const what = `Put the section "Subscriptions" on the contact form "${plan.form.name}", ${plan.where}. Nothing else of the form changes.`
        return { state: 'due', changes: [{ what, diff: formDiff(plan.draft.xml, plan.edits) }] }
      }
    }
  },
  do: (crm, context) =>
    basedOnNewest(async (versionOf) => {
      const plan = await planForm(crm, context)
      switch (plan.state) {
        case 'paused':
          throw new SetupPaused(plan.pause)
        case 'done':
          return { form: plan.facts }
        case 'due': {
          const view = await usableView(crm, context)
          await write(crm, plan, versionOf(plan.draft), context)
          return { form: plan.facts, ...view }
        }
      }
    }),
  undo: removeFromForms,
}

type DuePlan = Extract<FormPlan, { state: 'due' }>

/** Writes the draft, then reads it to verify that our section is on it. */
async function write(
  { client }: DynamicsCrm,
  { form, draft, edits, spec }: DuePlan,
  ifMatch: string,
  context: StepContext,
): Promise<void> {
  const change = { xml: applyEdits(draft.xml, edits), ifMatch, intoSolution: true }
  await writeDraft(client, form.formId, change, context)
  const after = await readLayers(client, form.formId, context)
  if (after === null || !isCurrent(ownParts(readForm(after.draft.xml)), spec)) {
    throw new AppError('crm_refused', 'Dynamics took the form, but our section is not on it.', {
      path: form.formId,
    })
  }
}

/** Dynamics refuses a form whose sub-grid has no view. If the view step was skipped, Support may name a view here. */
async function usableView(crm: DynamicsCrm, context: StepContext): Promise<CrmFacts> {
  const look = await viewState(crm, context)
  switch (look.state) {
    case 'usable':
      return { view: look.facts }
    case 'paused':
      throw new SetupPaused(look.pause)
    case 'absent':
      throw new SetupPaused({
        code: 'viewUncertain',
        message: 'There is no view that the section could show. Name one.',
        choices: ['useView', 'retry', 'skip', 'abort'],
        seen: { viewId: null, views: [] },
      })
  }
}

/** Unchanged lines shown before and after a change. */
const CONTEXT_LINES = 3

/**
 * The change of a form as a unified diff; empty if there is none. FormXML is mostly one long line, so the diff puts
 * each tag on its own line and numbers those lines. The change itself is made in the original text.
 */
export function formDiff(xml: string, edits: readonly Edit[]): string {
  const hunks: string[] = []
  let grown = 0
  for (const { start, end, text } of inOrder(edits).map((edit) => ofWholeTags(xml, edit))) {
    const before = linesOf(xml.slice(0, start))
    const shownBefore = before.slice(-CONTEXT_LINES)
    const removed = linesOf(xml.slice(start, end))
    const added = linesOf(text)
    const after = linesOf(xml.slice(end)).slice(0, CONTEXT_LINES)
    const first = before.length - shownBefore.length + 1
    const context = shownBefore.length + after.length
    hunks.push(
      `@@ -${first},${context + removed.length} +${first + grown},${context + added.length} @@`,
      ...shownBefore.map((line) => ` ${line}`),
      ...removed.map((line) => `-${line}`),
      ...added.map((line) => `+${line}`),
      ...after.map((line) => ` ${line}`),
    )
    grown += added.length - removed.length
  }
  return hunks.length === 0
    ? ''
    : ['--- form as it is', '+++ form as it would be', ...hunks].join('\n')
}

/** Widens an edit within a tag (a list that is opened) to the full tag. */
function ofWholeTags(xml: string, edit: Edit): Edit {
  const within = edit.start > 0 && xml[edit.start] !== '<' && xml[edit.start - 1] !== '>'
  const start = within ? xml.lastIndexOf('<', edit.start) : edit.start
  return { start, end: edit.end, text: xml.slice(start, edit.start) + edit.text }
}

function linesOf(xml: string): readonly string[] {
  return xml
    .replace(/>\s*</g, '>\n<')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

const CHOICES: readonly string[] = ['retry', 'abort']

/** What may be chosen besides `retry` and `publishAll`. */
const ELSE = ['abort'] as const

/**
 * Removes our section from every main form that has it, including copies made by the customer, and publishes. Otherwise
 * the view could not be deleted: the published form counts as a use until then (docs/wire-dataverse.md, 16.14).
 *
 * @returns facts to store. @throws SetupPaused `draftPending`, `formUncertain`; UpstreamError.
 */
async function removeFromForms({ client }: DynamicsCrm, context: StepContext): Promise<CrmFacts> {
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
