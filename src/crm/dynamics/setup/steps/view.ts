import { AppError } from '../../../../contracts/app-error.js'
import { type CrmFacts, SetupPaused, type StepContext } from '../../../crm.js'
import { findOrCreate } from '../../find-or-create.js'
import { IN_OUR_SOLUTION, SUBSCRIPTIONS_TABLE } from '../../names.js'
import { subscriptionTables } from '../../facts.js'
import type { DynamicsCrm } from '../../session.js'
import { namingDependents } from '../table/dependents.js'
import { findTable } from '../table/find-table.js'
import { removeIfThere } from '../metadata.js'
import type { DynamicsStep } from '../step.js'
import { findOwnView, readView, OWN_VIEW, viewFetchXml, viewLayoutXml } from '../view/view-rows.js'
import { viewState } from '../view/view-state.js'

/** Component type of a view (docs/wire-dataverse.md, 9.1). */
const SAVED_QUERY = 26

/** Creates the view that the sub-grid on the contact shows, or uses the one that Support named (rules D1, E3). */
export const viewStep: DynamicsStep = {
  id: 'view',
  title: 'Create the view of the subscriptions',
  weight: 8,
  without: 'the section on the form then needs a view of yours',
  forSubscriptions: true,
  async verify(crm, context) {
    const look = await viewState(crm, context)
    switch (look.state) {
      case 'paused':
        return look
      case 'usable':
        return { state: 'done', facts: { view: look.facts } }
      case 'absent': {
        const what = `Create the public view "${OWN_VIEW.name}" on ${SUBSCRIPTIONS_TABLE}: the category and its Yes/No toggle, archived categories hidden.`
        return { state: 'due', changes: [{ what }] }
      }
    }
  },
  async do(crm, context) {
    const look = await viewState(crm, context)
    switch (look.state) {
      case 'paused':
        throw new SetupPaused(look.pause)
      case 'usable':
        return { view: look.facts }
      case 'absent':
        return create(crm, context)
    }
  },
  async undo({ client, facts }, context) {
    const known = facts.view?.chosen === false ? [facts.view.viewId] : []
    for (const viewId of new Set([OWN_VIEW.viewId, ...known])) {
      const removable = {
        find: async () => (await readView(client, viewId, context)) !== null,
        path: `savedqueries(${viewId})`,
        operation: 'DELETE /savedqueries({id})',
      }
      const component = { type: SAVED_QUERY, id: viewId, what: `The view "${OWN_VIEW.name}"` }
      const remove = () => removeIfThere(client, removable, context)
      await namingDependents(client, component, remove, context)
    }
    return { view: null }
  },
}

/** A created view is live immediately; only changes to a view need publishing (16.10). */
async function create({ client, facts }: DynamicsCrm, context: StepContext): Promise<CrmFacts> {
  const tables = subscriptionTables(facts)
  if (tables === null) {
    throw new AppError('internal', 'the step "tables" must run before "view"')
  }
  const { subscriptions, categories } = tables
  const objectTypeCode =
    subscriptions.objectTypeCode ??
    (await findTable(client, { logicalName: SUBSCRIPTIONS_TABLE }, context))?.facts.objectTypeCode
  if (typeof objectTypeCode !== 'number') {
    throw new AppError(
      'crm_refused',
      'Dynamics does not report the type code of em_subscriptions.',
      {
        path: SUBSCRIPTIONS_TABLE,
      },
    )
  }
  const { found } = await findOrCreate(
    client,
    {
      find: () => findOwnView(client, context),
      path: 'savedqueries',
      body: {
        savedqueryid: OWN_VIEW.viewId,
        name: OWN_VIEW.name,
        returnedtypecode: SUBSCRIPTIONS_TABLE,
        querytype: 0,
        fetchxml: viewFetchXml(subscriptions.primaryId, categories.primaryId),
        layoutxml: viewLayoutXml(objectTypeCode, subscriptions.primaryId),
      },
      headers: IN_OUR_SOLUTION,
      operation: 'POST /savedqueries',
    },
    context,
  )
  return { view: { viewId: found.savedqueryid, chosen: false } }
}
