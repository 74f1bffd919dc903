import { describe, expect, it } from '@jest/globals'
import { choiceAfter, stillStands } from '../../src/workflows/steps/runner.js'
import type { SetupPause, StepChoice } from '../../src/contracts/setup.js'
import { withMeaning } from '../../src/crm/crm.js'
import { CRM_DRIVERS } from '../../src/crm/registry.js'
import { recheckAfterMs } from '../../src/workflows/setup/recheck.js'

const decided = (choice: StepChoice) => ({ ...choice, step: 'form', reason: 'r', by: 'kim' })
const before = (code: string): SetupPause => ({ code, message: '', choices: [], seen: {} })
const carried = (code: string): SetupPause =>
  withMeaning(before(code), CRM_DRIVERS.get('dynamics') ?? {})

describe.each([
  ['that a pause carries the meaning of', carried],
  ['from before pauses carried it', before],
])('a choice after earlier ones for the same step, %s', (_when, pause) => {
  it.each<[StepChoice | null, StepChoice, StepChoice]>([
    [null, { action: 'retry' }, { action: 'retry' }],
    [null, { action: 'useForm', formId: 'x' }, { action: 'useForm', formId: 'x' }],
    [
      { action: 'useForm', formId: 'x' },
      { action: 'useTab', tab: 't' },
      { action: 'useTab', formId: 'x', tab: 't' },
    ],
    [
      { action: 'useForm', formId: 'x' },
      { action: 'createTab' },
      { action: 'createTab', formId: 'x' },
    ],
    // Another form: the choice of a tab on the first does not apply to it; the view does.
    [
      { action: 'useTab', formId: 'x', tab: 't', viewId: 'v' },
      { action: 'useForm', formId: 'y' },
      { action: 'useForm', formId: 'y', viewId: 'v' },
    ],
    [
      { action: 'useTab', formId: 'x', tab: 't' },
      { action: 'useView', viewId: 'v' },
      { action: 'useView', formId: 'x', tab: 't', viewId: 'v' },
    ],
    // A tab that did not fit is replaced by our own.
    [
      { action: 'useTab', formId: 'x', tab: 't' },
      { action: 'createTab' },
      { action: 'createTab', formId: 'x' },
    ],
    // A retry repeats the same choice.
    [
      { action: 'createTab', formId: 'x' },
      { action: 'retry' },
      { action: 'createTab', formId: 'x' },
    ],
    [
      { action: 'useForm', formId: 'x' },
      { action: 'useTab', formId: 'y', tab: 't' },
      { action: 'useTab', formId: 'y', tab: 't' },
    ],
  ])('%j, then %j, is %j', (earlier, decision, together) => {
    expect(choiceAfter(earlier, decided(decision), pause('formUncertain'))).toEqual(together)
  })

  it('stands whatever the step waits for next', () => {
    const choice: StepChoice = { action: 'useTab', formId: 'x', tab: 't', viewId: 'v' }
    expect(stillStands(choice, pause('draftPending'))).toEqual(choice)
    expect(stillStands(null, pause('viewUncertain'))).toBeNull()
  })

  it('gives up a view that does not fit, so that trying again makes our own', () => {
    expect(stillStands({ action: 'useView', viewId: 'v' }, pause('viewUncertain'))).toBeNull()
    expect(
      stillStands({ action: 'useView', formId: 'x', viewId: 'v' }, pause('viewUncertain')),
    ).toEqual({ action: 'retry', formId: 'x' })
  })
})

describe('a pause of a CRM that nobody knows but its folder', () => {
  const actions = {
    usePen: { words: 'take this pen', needs: 'pen', forgets: 'ink' },
    useInk: { words: 'take this ink', needs: 'ink' },
  }
  const dry: SetupPause = { ...before('penDry'), actions, looksAgain: true, forgets: 'ink' }

  it('is looked at again where it says so, and waits for a person where it says nothing', () => {
    expect(recheckAfterMs(dry, 0)).toBe(5 * 60_000)
    expect(recheckAfterMs({ ...before('penLost'), actions }, 0)).toBeNull()
    expect(recheckAfterMs(before('penDry'), 0)).toBeNull()
  })

  it('keeps of an earlier choice what its actions do not forget', () => {
    const earlier = { action: 'useInk', pen: 'p', ink: 'i' }
    expect(choiceAfter(earlier, decided({ action: 'usePen', pen: 'q' }), dry)).toEqual({
      action: 'usePen',
      pen: 'q',
    })
    expect(stillStands(earlier, dry)).toEqual({ action: 'retry', pen: 'p' })
  })
})
