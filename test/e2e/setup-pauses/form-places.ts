import {
  formWithTab,
  publishByHand,
  putForm,
  saveDraft,
  STOCK_FORM,
} from '../../crm/dynamics/setup-form/forms-stand.js'
import {
  putSalesForm,
  SALES_FORM,
  startOrganisation,
  type DynamicsOrganisation,
} from './dynamics-organisation.js'
import { ABORT, SET_UP, type ChoiceCase, type PausePlace } from './pause-place.js'

type Place = PausePlace<DynamicsOrganisation>
type Choice = ChoiceCase<DynamicsOrganisation>

const ON_STOCK = { ...SET_UP, section: ['Contact/DETAILS_TAB'], draft: ['Contact/DETAILS_TAB'] }
const ON_SALES = { ...SET_UP, section: ['Sales/DETAILS_TAB'], draft: ['Sales/DETAILS_TAB'] }
const NOWHERE = { ...SET_UP, section: [], draft: [], view: 'active' }

const DETAILS = formWithTab('DETAILS_TAB', 'Details')
const THEIRS = formWithTab('DETAILS_TAB', 'Changed by a colleague')

const useSalesForm: Choice = {
  names: { formId: SALES_FORM },
  then: 'the section is on the form "Sales"; the stock form is as it was',
  next: 'done',
  state: 'done',
  stands: ON_SALES,
}

const skipForm: Choice = {
  then: 'set-up ends; no form has the section, and there is nothing to publish',
  next: 'done',
  state: 'skipped',
  stands: NOWHERE,
}

const skipPublishing: Choice = {
  then: 'set-up ends; users see the section when somebody publishes the form',
  next: 'done',
  state: 'skipped',
  stands: { ...SET_UP, section: [], draft: ['Contact/DETAILS_TAB'] },
}

/** Pauses where the contact form is uncertain, or somebody edits it (rule E2). */
export const FORM_PLACES: readonly Place[] = [
  {
    code: 'draftPending',
    step: 'changeTracking',
    when: 'change tracking of contact is off, and a colleague did not publish changes of another form',
    start: () => startOrganisation({ contactChangeTracking: false }),
    async make(org) {
      await putForm(org, STOCK_FORM, { formxml: DETAILS })
      await putSalesForm(org)
      await saveDraft(org, THEIRS, SALES_FORM)
    },
    choices: {
      retry: {
        mend: (org) => publishByHand(org, {}),
        fixed: 'the colleague publishes',
        then: 'change tracking is enabled; set-up goes on to its end',
        next: 'done',
        state: 'done',
        stands: ON_STOCK,
      },
      publishAll: {
        then: 'change tracking is enabled and the colleague’s form published; set-up goes on to its end',
        next: 'done',
        state: 'done',
        stands: ON_STOCK,
      },
      abort: ABORT,
    },
  },
  {
    code: 'formUncertain',
    step: 'form',
    when: 'the stock form is locked, and no other main form is the default',
    start: startOrganisation,
    async make(org) {
      await putForm(org, STOCK_FORM, { formxml: DETAILS, customizable: false, isdefault: true })
      await putSalesForm(org)
    },
    choices: {
      useForm: useSalesForm,
      retry: {
        mend: (org) => putForm(org, STOCK_FORM, { formxml: DETAILS, isdefault: true }),
        fixed: 'the form is unlocked',
        then: 'the section is on the stock form',
        next: 'done',
        state: 'done',
        stands: ON_STOCK,
      },
      skip: skipForm,
      abort: ABORT,
    },
  },
  {
    code: 'detailsTabMissing',
    step: 'form',
    when: 'the only tab of the stock form is called "Sales data"',
    start: startOrganisation,
    async make(org) {
      await putForm(org, STOCK_FORM, { formxml: formWithTab('tab_7', 'Sales data') })
      await putSalesForm(org)
    },
    choices: {
      useTab: {
        names: { tab: 'Sales data' },
        then: 'the section is on that tab',
        next: 'done',
        state: 'done',
        stands: { ...SET_UP, section: ['Contact/tab_7'] },
      },
      createTab: {
        then: 'the section is on a new tab "Details"',
        next: 'done',
        state: 'done',
        stands: { ...SET_UP, section: ['Contact/em_details'] },
      },
      useForm: useSalesForm,
      retry: {
        mend: (org) => putForm(org, STOCK_FORM, { formxml: DETAILS }),
        fixed: 'the tab is named "Details"',
        then: 'the section is on it',
        next: 'done',
        state: 'done',
        stands: ON_STOCK,
      },
      skip: skipForm,
      abort: ABORT,
    },
  },
  {
    code: 'draftPending',
    step: 'form',
    when: 'a colleague saved changes of the stock form and did not publish them',
    start: startOrganisation,
    async make(org) {
      await putForm(org, STOCK_FORM, { formxml: DETAILS })
      await putSalesForm(org)
      await saveDraft(org, THEIRS)
    },
    choices: {
      retry: {
        mend: (org) => publishByHand(org, {}),
        fixed: 'the colleague publishes',
        then: 'the section is on the stock form',
        next: 'done',
        state: 'done',
        stands: ON_STOCK,
      },
      useForm: {
        names: { formId: SALES_FORM },
        then: 'the section is put on the form "Sales" as a draft; set-up goes on, and waits before it publishes',
        next: { step: 'publish', code: 'draftPending' },
        state: 'done',
        stands: { ...ABORT.stands, section: [], draft: ['Sales/DETAILS_TAB'] },
      },
      skip: skipForm,
      abort: ABORT,
    },
  },
  {
    code: 'draftPending',
    step: 'publish',
    when: 'a colleague saved changes of the form after our section was put on it as a draft',
    start: startOrganisation,
    async make(org) {
      await putForm(org, STOCK_FORM, { formxml: DETAILS })
      await publishingIsRefusedOnce(org)
    },
    async lead(course, org) {
      await course.waitsAt('publish')
      await addToDraft(org)
      await course.decide('publish', 'retry')
    },
    choices: {
      retry: {
        mend: (org) => publishByHand(org, {}),
        fixed: 'the colleague publishes',
        then: 'the form is published, ours with theirs',
        next: 'done',
        state: 'done',
        stands: ON_STOCK,
      },
      publishAll: {
        then: 'the form is published, ours with theirs',
        next: 'done',
        state: 'done',
        stands: ON_STOCK,
      },
      skip: skipPublishing,
      abort: { ...ABORT, stands: { ...ABORT.stands, section: [] } },
    },
  },
  {
    code: 'stepFailed',
    step: 'publish',
    when: 'Dynamics refuses to publish (status 400)',
    start: startOrganisation,
    async make(org) {
      await putForm(org, STOCK_FORM, { formxml: DETAILS })
      await publishingIsRefusedOnce(org)
    },
    choices: {
      retry: {
        then: 'the form is published, once Dynamics takes it',
        next: 'done',
        state: 'done',
        stands: ON_STOCK,
      },
      skip: skipPublishing,
      abort: ABORT,
    },
  },
  {
    code: 'tenantUnavailable',
    step: 'publish',
    when: 'somebody else customises the organisation, try after try',
    start: startOrganisation,
    async make(org) {
      await putForm(org, STOCK_FORM, { formxml: DETAILS })
      // With a requested immediate retry each time, all tries are made in a moment.
      await org.control('POST', 'faults', {
        method: 'POST',
        path: '/PublishXml',
        status: 429,
        headers: { 'Retry-After': '0' },
        body: { error: { code: '0x80071151', message: 'Another customization is running.' } },
      })
    },
    choices: {
      retry: {
        mend: async (org) => void (await org.control('DELETE', 'faults')),
        fixed: 'they are ready',
        then: 'the form is published',
        next: 'done',
        state: 'done',
        stands: ON_STOCK,
      },
      skip: skipPublishing,
      abort: { ...ABORT, stands: { ...ABORT.stands, section: [] } },
    },
  },
]

async function publishingIsRefusedOnce(org: DynamicsOrganisation): Promise<void> {
  const fault = { method: 'POST', path: '/PublishXml', status: 400, times: 1 }
  await org.control('POST', 'faults', fault)
}

/** A colleague changes a label in the designer, where our section already is. */
async function addToDraft(org: DynamicsOrganisation): Promise<void> {
  const { draft } = await org.control<{ draft?: { formxml?: string } }>(
    'GET',
    `rows/systemform/${STOCK_FORM}`,
  )
  const formxml = (draft?.formxml ?? '').replace('description="Details"', 'description="Info"')
  await saveDraft(org, formxml)
}
