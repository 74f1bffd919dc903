import { OWN_VIEW } from '../../../src/crm/dynamics/setup/view/view-rows.js'
import { startOrganisation, type DynamicsOrganisation } from './dynamics-organisation.js'
import { ABORT, SET_UP, type Course, type PausePlace } from './pause-place.js'

const OTHER_VIEW = '99999999-8888-4777-8666-555555555555'
const ON_FORM = { ...SET_UP, section: ['Contact/DETAILS_TAB'] }

/** Pauses where the view for the section is uncertain (rule E2). */
export const VIEW_PLACES: readonly PausePlace<DynamicsOrganisation>[] = [
  {
    code: 'viewUncertain',
    step: 'view',
    when: 'our view was made, and somebody has deleted it since',
    start: startOrganisation,
    make: (org) => refuse(org, 'PATCH', '/systemforms'),
    lead: viewIsDeleted,
    choices: {
      retry: {
        then: 'our view is created again',
        next: 'done',
        state: 'done',
        stands: { ...ON_FORM, view: 'active' },
      },
      useView: {
        names: { viewId: OTHER_VIEW },
        then: 'the section shows that view',
        next: 'done',
        state: 'done',
        stands: { ...ON_FORM, view: 'none' },
      },
      skip: {
        then: 'set-up goes on, and asks for a view at the step for the form',
        next: { step: 'form', code: 'viewUncertain' },
        state: 'skipped',
        stands: { section: [], view: 'none' },
      },
      abort: { ...ABORT, stands: { ...ABORT.stands, view: 'none' } },
    },
  },
  {
    code: 'viewUncertain',
    step: 'form',
    when: 'the step for the view was skipped',
    start: startOrganisation,
    make: (org) => refuse(org, 'PATCH', '/systemforms'),
    async lead(course, org) {
      await viewIsDeleted(course, org)
      await course.waitsAt('view')
      await course.decide('view', 'skip')
    },
    choices: {
      useView: {
        names: { viewId: OTHER_VIEW },
        then: 'the section shows that view',
        next: 'done',
        state: 'done',
        stands: { ...ON_FORM, view: 'none' },
      },
      retry: {
        then: 'there still is no view: it waits again',
        next: { step: 'form', code: 'viewUncertain' },
        state: 'paused',
        stands: { section: [], view: 'none' },
      },
      skip: {
        then: 'set-up ends; no form has the section',
        next: 'done',
        state: 'skipped',
        stands: { ...SET_UP, section: [], view: 'none' },
      },
      abort: ABORT,
    },
  },
]

/** Our view is created; set-up is aborted at the next step, the view deleted, and set-up started again. */
async function viewIsDeleted(course: Course, org: DynamicsOrganisation): Promise<void> {
  await course.waitsAt('form')
  await copyView(org)
  await course.decide('form', 'abort')
  await course.ended()
  await org.control('DELETE', `rows/savedquery/${OWN_VIEW.viewId}`)
  await course.beginAgain()
}

async function refuse(org: DynamicsOrganisation, method: string, path: string): Promise<void> {
  await org.control('POST', 'faults', { method, path, status: 400, times: 1 })
}

/** A colleague creates a view of their own from ours. */
async function copyView(org: DynamicsOrganisation): Promise<void> {
  const { fetchxml, layoutxml } = await org.control<Record<string, unknown>>(
    'GET',
    `rows/savedquery/${OWN_VIEW.viewId}`,
  )
  const kind = { returnedtypecode: 'em_subscriptions', querytype: 0 }
  const values = { name: 'Of a colleague', ...kind, fetchxml, layoutxml }
  await org.control('POST', 'rows/savedquery', { id: OTHER_VIEW, values })
}
