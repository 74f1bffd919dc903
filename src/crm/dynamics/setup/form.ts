import { AppError } from '../../../contracts/app-error.js'
import { UpstreamError } from '../../../http/index.js'
import { type CrmFacts, SetupPaused, type StepContext } from '../../crm.js'
import { applyEdits } from '../forms/edits.js'
import { readForm } from '../forms/form-document.js'
import { formDiff } from '../forms/form-diff.js'
import { isCurrent, ownParts } from '../forms/own-parts.js'
import type { DynamicsSession } from '../session.js'
import { type FormPlan, planForm } from './form-plan.js'
import { removeFromForms } from './form-removal.js'
import { readLayers, writeDraft } from './form-rows.js'
import type { DynamicsStep } from './setup-step.js'
import { viewState } from './view-state.js'

/** How often a change is based anew on what somebody saved meanwhile. */
const ATTEMPTS = 3

/** Puts our section with the subscriptions on the Details tab of the contact form (rule D2), as a draft. */
export const formStep: DynamicsStep = {
  id: 'form',
  title: 'Put the subscriptions on the contact form',
  weight: 6,
  forSubscriptions: true,
  async verify(session, context) {
    const plan = await planForm(session, context)
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
  async do(session, context) {
    let basedOn: string | null = null
    for (let attempt = 1; ; attempt += 1) {
      const plan = await planForm(session, context)
      switch (plan.state) {
        case 'paused':
          throw new SetupPaused(plan.pause)
        case 'done':
          return { form: plan.facts }
        case 'due':
          break
      }
      const view = await usableView(session, context)
      try {
        return { ...(await write(session, plan, basedOn, context)), ...view }
      } catch (error) {
        const conflict = error instanceof UpstreamError && error.code === 'upstream_conflict'
        if (!conflict || attempt === ATTEMPTS) {
          throw error
        }
        basedOn = plan.draft.xml
      }
    }
  },
  undo: removeFromForms,
}

type DuePlan = Extract<FormPlan, { state: 'due' }>

/**
 * Writes the draft if nobody saved since it was read. Should the etag not fit although the form is the very same, the
 * service counts the layers' versions apart, and it is enough that the form exists.
 */
async function write(
  { client }: DynamicsSession,
  { form, draft, edits, spec, facts }: DuePlan,
  refusedBefore: string | null,
  context: StepContext,
): Promise<CrmFacts> {
  const ifMatch = refusedBefore === draft.xml ? '*' : (draft.etag ?? '*')
  const change = { xml: applyEdits(draft.xml, edits), ifMatch, intoSolution: true }
  await writeDraft(client, form.formId, change, context)
  const after = await readLayers(client, form.formId, context)
  if (after === null || !isCurrent(ownParts(readForm(after.draft.xml)), spec)) {
    throw new AppError('crm_refused', 'Dynamics took the form, but our section is not on it.', {
      path: form.formId,
    })
  }
  return { form: facts }
}

/** A form whose sub-grid names no view is refused; where the view's step was skipped, one may be named here. */
async function usableView(session: DynamicsSession, context: StepContext): Promise<CrmFacts> {
  const look = await viewState(session, context)
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
