import { describe, expect, it } from '@jest/globals'
import { choiceAfter, stillStands } from '../../src/workflows/steps/runner.js'
import type { PauseCode, SetupPause, StepChoice } from '../../src/contracts/setup.js'

const decided = (choice: StepChoice) => ({ ...choice, step: 'form', reason: 'r', by: 'kim' })
const pause = (code: PauseCode): SetupPause => ({ code, message: '', choices: [], seen: {} })

describe('a choice after earlier ones for the same step', () => {
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
    // Another form: what was named on the first says nothing of it; the view does.
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
    // A tab that did not fit is given up for one of our own.
    [
      { action: 'useTab', formId: 'x', tab: 't' },
      { action: 'createTab' },
      { action: 'createTab', formId: 'x' },
    ],
    // Trying again is trying the same again.
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
    expect(choiceAfter(earlier, decided(decision))).toEqual(together)
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
