import type { StepVerdict } from '../../crm/crm.js'
import { categoriesArePending, categoriesOf } from '../../ledger/copy/categories.js'
import { syncCategories } from '../../sync/mirror/sync-categories.js'
import { foreignCategoriesSentence } from '../../connection/notices.js'
import type { CommonStep } from './common-step.js'

/** Brings eMarketeer's subscription categories to the CRM (D3). */
export const categoriesStep: CommonStep = {
  id: 'categories',
  title: 'Bring the subscription categories over',
  weight: 5,

  async verify(session, context): Promise<StepVerdict> {
    if (!context.subscriptionSync) {
      return { state: 'skipped', note: 'subscriptions are not kept in step' }
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

  /** Bringing them over compares each one itself. */
  check: () => Promise.resolve({ state: 'done' }),
}
