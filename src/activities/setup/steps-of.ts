import type { StepDescription } from '../../contracts/setup-activities.js'
import type { StepPreview } from '../../contracts/setup.js'
import { AppError } from '../../contracts/app-error.js'
import type { CrmDriver, StepVerdict } from '../../crm/crm.js'
import type { ConnectionRow } from '../../ledger/connection/connections.js'
import { ofDriver, type CommonStep } from './run-step.js'
import { WEBHOOKS, webhooksStep, type WebhooksStepOptions } from './webhooks-step.js'
import { categoriesArePending, categoriesOf } from '../../ledger/copy/categories.js'
import { syncCategories } from '../../sync/mirror/sync-categories.js'
import { foreignCategoriesSentence } from '../../connection/notices.js'

/**
 * The last two steps, which the workflow runs with the sync itself. The number of contacts is unknown before they are
 * read, so the weight is a compromise between no contacts and three minutes.
 */
const BY_WORKFLOW: readonly StepDescription[] = [
  { id: 'firstSync', title: 'Sync all contacts for the first time', weight: 57 },
  { id: 'sweep', title: 'Start the background sweep', weight: 2 },
]

/** Every step of a CRM's set-up in order: its own steps, then the common ones (E1). */
export function stepsOf(driver: CrmDriver): readonly StepDescription[] {
  const own = driver.setupSteps.map(({ id, title, weight, without }) => ({
    ...{ id, title, weight },
    skippable: without !== null,
  }))
  const { id, title, weight } = categoriesStep
  return [
    ...own,
    WEBHOOKS,
    ...(driver.capabilities.subscriptions ? [{ id, title, weight }] : []),
    ...BY_WORKFLOW,
  ]
}

/** The step that an activity runs. @throws AppError `internal` for an unknown step. */
export function findStep(
  driver: CrmDriver,
  stepId: string,
  options: WebhooksStepOptions,
): CommonStep {
  const steps = [
    ...driver.setupSteps.map(ofDriver),
    webhooksStep(options),
    ...(driver.capabilities.subscriptions ? [categoriesStep] : []),
  ]
  const step = steps.find(({ id }) => id === stepId)
  if (!step) {
    throw new AppError('internal', `There is no set-up step ${stepId}.`)
  }
  return step
}

/** What the workflow's own steps would do; null: an activity runs the step. */
export function previewOfWorkflowStep(
  stepId: string,
  connection: ConnectionRow,
): StepPreview | null {
  const step = BY_WORKFLOW.find(({ id }) => id === stepId)
  if (!step) {
    return null
  }
  const { id, title } = step
  if (connection.state === 'active') {
    const note = id === 'firstSync' ? 'set-up would sync every contact once more' : null
    return { id, title, state: 'nothing', changes: [], pause: null, note }
  }
  const what =
    stepId === 'firstSync'
      ? `Reads every contact on both sides and syncs them, opt-outs first; if more than ` +
        `${connection.newlyMailableLimit} contacts would become mailable, those writes wait for approval`
      : 'Sweeps every 30 minutes'
  return {
    id,
    title,
    state: 'changes',
    changes: [{ what }],
    pause: null,
    note: null,
  }
}

/** Copies eMarketeer's subscription categories to the CRM (D3). */
export const categoriesStep: CommonStep = {
  id: 'categories',
  title: 'Copy the subscription categories',
  weight: 5,

  async verify(session, context): Promise<StepVerdict> {
    if (!context.subscriptionSync) {
      return { state: 'skipped', note: 'subscriptions are not synced' }
    }
    const categories = await session.emarketeer.categories({ includeArchived: false }, context)
    const names = categories.map(({ name }) => name).join(', ')
    return {
      state: 'due',
      changes: [{ what: names === '' ? 'eMarketeer has no category yet' : `Categories: ${names}` }],
    }
  },

  async preview(session, context): Promise<StepVerdict> {
    const before = await categoriesStep.verify(session, context)
    const { connectionId } = session.connection
    const now = await session.emarketeer.categories({ includeArchived: true }, context)
    const known = await categoriesOf(session.db, connectionId)
    const isBrought =
      known.length === now.length &&
      now.every(({ categoryId, name, archived }) =>
        known.some(
          (k) => k.categoryId === categoryId && k.name === name && k.archived === archived,
        ),
      ) &&
      !(await categoriesArePending(session.db, connectionId))
    return before.state === 'due' && isBrought ? { state: 'done' } : before
  },

  async do(session) {
    const { categories, foreign } = await syncCategories(session)
    const ignored = foreign.length === 0 ? '' : ` ${foreignCategoriesSentence(foreign)}`
    return { state: 'done', note: `${categories} categories.${ignored}` }
  },

  /** `do` compares each category itself. */
  check: () => Promise.resolve({ state: 'done' }),
}
