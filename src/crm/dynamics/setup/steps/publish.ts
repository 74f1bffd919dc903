import type { SetupPause } from '../../../../contracts/setup.js'
import { SetupPaused, type StepContext } from '../../../crm.js'
import { FormShapeError } from '../form/xml-tree.js'
import { SUBSCRIPTIONS_TABLE } from '../../names.js'
import type { DynamicsCrm } from '../../session.js'
import { foreignDrafts, holdForDrafts, namesOf } from '../publish/foreign-drafts.js'
import { isColleagues, ownLayers } from '../form/plan.js'
import { publishTables, untilPublished } from '../publish/publish-tables.js'
import type { DynamicsStep } from '../step.js'

/** What has to be published. `formId` null: a preview, before the form is changed. */
type PublishPlan =
  | { readonly state: 'done' }
  | { readonly state: 'skipped'; readonly note: string }
  | { readonly state: 'due'; readonly formId: string | null }
  | { readonly state: 'paused'; readonly pause: SetupPause }

/** Publishes our section, once; from then on users see it (rule E1; docs/wire-dataverse.md, 9.6). */
export const publishStep: DynamicsStep = {
  id: 'publish',
  title: 'Publish the contact form',
  weight: 60,
  without: 'users see the section only once somebody publishes the form',
  forSubscriptions: true,
  async verify(crm, context) {
    const plan = await planPublish(crm, context)
    if (plan.state === 'done') {
      return { state: 'done', facts: { published: true } }
    }
    if (plan.state !== 'due') {
      return plan
    }
    const pause = await holdForDrafts(crm.client, ELSE, context)
    if (pause !== null) {
      return { state: 'paused', pause }
    }
    return { state: 'due', changes: [{ what: `${WHAT} ${await alongWith(crm, context)}` }] }
  },
  async do(crm, context) {
    const plan = await planPublish(crm, context)
    switch (plan.state) {
      case 'paused':
        throw new SetupPaused(plan.pause)
      case 'skipped':
        return {}
      case 'done':
        return { published: true }
      case 'due':
        break
    }
    await publishTables(crm.client, ['contact', SUBSCRIPTIONS_TABLE], ELSE, context)
    if (plan.formId !== null) {
      await untilPublished(crm.client, plan.formId, { shown: true }, context)
    }
    return { published: true }
  },
  /** The form step's `undo` removes the section and publishes again. */
  undo: () => Promise.resolve({ published: null }),
}

/** What may be chosen besides `retry` and `publishAll`. */
const ELSE = ['skip', 'abort'] as const

const WHAT = `Publish the tables contact and ${SUBSCRIPTIONS_TABLE}, which takes up to two minutes and may disturb users at work.`

async function planPublish(
  { client, facts }: DynamicsCrm,
  context: StepContext,
): Promise<PublishPlan> {
  const { form } = facts
  if (form === undefined) {
    return facts.subscriptionsTable === undefined
      ? { state: 'due', formId: null }
      : {
          state: 'skipped',
          note: 'Nothing of ours is on a form, so that there is nothing to publish.',
        }
  }
  try {
    const own = await ownLayers(client, form.formId, context)
    if (own?.published === true && own.draft && own.layers.published.xml === own.layers.draft.xml) {
      return { state: 'done' }
    }
    if (own?.draft !== true) {
      return own?.published === true ? { state: 'done' } : { state: 'paused', pause: sectionGone() }
    }
    if (own.published && isColleagues(own.layers)) {
      return { state: 'done' }
    }
    return { state: 'due', formId: form.formId }
  } catch (error) {
    if (error instanceof FormShapeError) {
      return { state: 'paused', pause: sectionGone() }
    }
    throw error
  }
}

/** Describes what else is published, if Support chose `publishAll`. */
async function alongWith({ client }: DynamicsCrm, context: StepContext): Promise<string> {
  const others = context.choice?.action === 'publishAll' ? await foreignDrafts(client, context) : []
  if (others === null) {
    return 'Whatever else waits unpublished on contact is published with it.'
  }
  return others.length === 0
    ? 'Nothing else waits unpublished on forms and views of contact.'
    : `Published with it, as they wait on the same table: ${namesOf(others)}.`
}

/** Somebody removed the section between writing and publishing. */
function sectionGone(): SetupPause {
  return {
    code: 'stepFailed',
    message:
      'Our section is no longer on the form, so there is nothing to publish. Skip this step and run set-up again, or abort.',
    choices: ['retry', 'skip', 'abort'],
    seen: {},
  }
}
