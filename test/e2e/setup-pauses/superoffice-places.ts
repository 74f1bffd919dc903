import { ABORT, SET_UP, type PausePlace } from './pause-place.js'
import { startInstallation, type SuperOfficeOrganisation } from './superoffice-organisation.js'

const BUILT = { ...SET_UP, source: true, webhooks: 1 }
const ON_SITE = { ...SET_UP, source: true, webhooks: 0 }
const NOTHING_BUILT = { ...ABORT.stands, source: false, webhooks: 0 }

const onSite = () => startInstallation({ mode: 'onsite', password: 'secret' })

/** Every pause of SuperOffice's set-up, where it occurs, with each of its choices. */
export const SUPEROFFICE_PLACES: readonly PausePlace<SuperOfficeOrganisation>[] = [
  {
    code: 'tenantUnavailable',
    step: 'connect',
    when: 'the tenant is taken down for maintenance',
    start: startInstallation,
    make: ({ control }) => control.post('tenant', { state: 'OfflineMaintenance' }),
    choices: {
      retry: {
        mend: ({ control }) => control.post('tenant', { state: 'Running' }),
        fixed: 'it runs again',
        then: 'set-up goes on to its end',
        next: 'done',
        state: 'done',
        stands: BUILT,
      },
      abort: { ...ABORT, stands: NOTHING_BUILT },
    },
  },
  {
    code: 'authFailed',
    step: 'connect',
    when: 'the approval of the application was withdrawn',
    start: startInstallation,
    make: ({ control }) => control.post('approval', { revoked: true }),
    choices: {
      retry: {
        mend: ({ control }) => control.post('approval', { revoked: false }),
        fixed: 'it is approved again',
        then: 'set-up goes on to its end',
        next: 'done',
        state: 'done',
        stands: BUILT,
      },
      abort: { ...ABORT, stands: NOTHING_BUILT },
    },
  },
  {
    code: 'userNotDedicated',
    step: 'privileges',
    when: 'on site, our user has recorded consents that are not ours',
    start: onSite,
    make: async ({ control, personId }) => {
      const consent = { purpose: 'STORE', legalBase: '61A', associateId: 316 }
      await control.post(`persons/${personId}/consent`, consent)
    },
    choices: {
      retry: {
        mend: async ({ control, personId }) => {
          const consent = { purpose: 'STORE', legalBase: '61A', associateId: 12 }
          await control.post(`persons/${personId}/consent`, consent)
        },
        fixed: 'a colleague records them under a user of their own',
        then: 'set-up goes on to its end',
        next: 'done',
        state: 'done',
        stands: ON_SITE,
      },
      skip: {
        then: 'it is confirmed that nothing else uses this user; set-up goes on to its end',
        next: 'done',
        state: 'skipped',
        stands: ON_SITE,
      },
      abort: { ...ABORT, stands: NOTHING_BUILT },
    },
  },
  {
    code: 'privilegeMissing',
    step: 'privileges',
    when: 'on site, rights are listed, and none is about consent',
    start: onSite,
    make: ({ control }) => control.post('switches', { functionRights: ['can-export'] }),
    choices: {
      retry: {
        mend: ({ control }) => control.post('switches', { functionRights: ['update-consent'] }),
        fixed: 'the role has it',
        then: 'set-up goes on to its end',
        next: 'done',
        state: 'done',
        stands: ON_SITE,
      },
      skip: {
        then: 'set-up goes on to its end; a right that is lacking shows at the first write',
        next: 'done',
        state: 'skipped',
        stands: ON_SITE,
      },
      abort: { ...ABORT, stands: NOTHING_BUILT },
    },
  },
  {
    code: 'purposeMissing',
    step: 'lists',
    when: 'somebody has deleted the purpose for marketing',
    start: startInstallation,
    make: (org) => deletePurpose(org, true),
    choices: {
      retry: {
        mend: (org) => deletePurpose(org, false),
        fixed: 'it is there again',
        then: 'set-up goes on to its end',
        next: 'done',
        state: 'done',
        stands: BUILT,
      },
      abort: { ...ABORT, stands: NOTHING_BUILT },
    },
  },
  {
    code: 'stepFailed',
    step: 'measure',
    when: "a trigger of the customer's writes to the test person along with us",
    start: () => startInstallation({ switches: { upsert: 'absent' } }, { measured: true }),
    // Our first write is executed, and its answer is late: the trigger has written by then.
    make: ({ control }) => control.post('faults', { method: 'PUT', lateMs: 400, times: 1 }),
    lead: (_course, org) => writeAlong(org),
    choices: {
      retry: {
        fixed: 'the trigger is off',
        then: 'it is measured, what was there is put back, and set-up goes on to its end',
        next: 'done',
        state: 'done',
        stands: BUILT,
      },
      abort: ABORT,
    },
  },
]

async function deletePurpose({ control }: SuperOfficeOrganisation, deleted: boolean) {
  const purposes =
    await control.get<readonly { consentPurpose_id: number; key: string }[]>('lists/ConsentPurpose')
  const id = purposes.find(({ key }) => key === 'EMARKETING')?.consentPurpose_id
  await control.post(`lists/ConsentPurpose/${id}`, { deleted })
}

/** Writes to the consent immediately after our write. */
async function writeAlong({ control, personId }: SuperOfficeOrganisation): Promise<void> {
  for (;;) {
    const writes = await control.get<readonly { via: string }[]>('writes')
    if (writes.some(({ via }) => via === 'rest')) {
      await control.post(`persons/${personId}/edit-consent`, { purpose: 'EMARKETING' })
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
