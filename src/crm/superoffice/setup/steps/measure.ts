import { setupRead } from '../../../own-step.js'
import { AppError } from '../../../../contracts/app-error.js'
import { type CallContext, UpstreamError } from '../../../../http/index.js'
import type { StepVerdict } from '../../../crm.js'
import type { SuperOfficeFacts } from '../../facts.js'
import type { SuperOfficeCrm } from '../../session.js'
import { measureWrites } from '../measure/measure-writes.js'
import type { SuperOfficeStep } from '../step.js'
import { markedPurpose, Trial, testRows } from '../measure/trial.js'

/** If nothing was measured, the sync learns from our own first writes. */
const UNMEASURED = { measured: null, firstVersion: null }

/**
 * Measures on a test person, whom the customer names, how a write changes a consent row (docs/reconciliation.md,
 * limits). Without one nothing is measured, and the sync learns from our own first writes.
 */
export const measureStep: SuperOfficeStep = {
  id: 'measure',
  title: 'Measure how consents are stamped',
  weight: 8,
  without:
    'how the CRM counts writes is learned from our own first ones; until then its times prove no act there to be the later',
  async verify(crm, context): Promise<StepVerdict> {
    const { testPersonId, facts } = crm
    const { measured } = facts
    if (measured !== undefined && (testPersonId ?? measured.personId) === measured.personId) {
      return { state: 'done', note: noteOf(facts) }
    }
    if (testPersonId === null) {
      return { state: 'skipped', note: UNMEASURED_NOTE, facts: UNMEASURED }
    }
    await requirePerson(crm, testPersonId, context)
    const what =
      `Write to a consent of person ${testPersonId} and to its card a few times, and put back what was there ` +
      '(where nothing was recorded for marketing, "withdrawn" stays)'
    return { state: 'due', changes: [{ what }] }
  },
  do(crm, context) {
    const { testPersonId } = crm
    return testPersonId === null
      ? Promise.resolve(UNMEASURED)
      : measureWrites(crm, testPersonId, context)
  },
  /** Restores the test person's consent if a killed run left it changed. */
  async undo(crm, context) {
    const personId = crm.testPersonId ?? crm.facts.measured?.personId ?? null
    if (personId !== null && markedPurpose(await testRows(crm, personId, context)) !== null) {
      await (await Trial.begin(crm, personId, context)).restore()
    }
    return UNMEASURED
  },
}

const UNMEASURED_NOTE =
  'No test person is named (superoffice.testPersonId), so that nothing is measured: how writes are counted is learned ' +
  'from our own first ones.'

function noteOf({ measured }: SuperOfficeFacts): string {
  const card = {
    true: 'Saving a card touches its consents: only the time of a row that was written once is believed.',
    false: 'Saving a card leaves consents alone.',
    null: 'The card of the test person could not be saved, so that it is not known whether that touches consents.',
  }[`${measured?.cardTouchesConsent ?? null}`]
  return `Every write counts. ${card}`
}

/** @throws AppError `value_invalid` if there is no such person; UpstreamError */
async function requirePerson(
  { client }: SuperOfficeCrm,
  personId: number,
  context: CallContext,
): Promise<void> {
  try {
    await client.text(setupRead(`/Person/${personId}`, 'GET /Person/{id}'), context)
  } catch (error) {
    if (error instanceof UpstreamError && error.code === 'upstream_not_found') {
      const location = { path: 'superoffice.testPersonId', value: String(personId) }
      throw new AppError('value_invalid', `SuperOffice has no person ${personId}.`, location)
    }
    throw error
  }
}
