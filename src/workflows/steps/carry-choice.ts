import type { SetupOverride, SetupPause, StepChoice } from '../../contracts/setup.js'

/**
 * What a step is given after a decision: the new choice, with what was chosen for the same step before and still stands
 * (a form that was named, and then a tab on it). Trying again is trying the earlier choice again. Pure.
 */
export function choiceAfter(earlier: StepChoice | null, decision: SetupOverride): StepChoice {
  const named = namedIn(decision)
  switch (decision.action) {
    case 'retry':
      return { action: 'retry', ...earlier, ...named }
    case 'useForm':
      // A tab of another form says nothing.
      return { action: 'useForm', ...namedIn(earlier, ['viewId']), ...named }
    case 'createTab':
      return { action: 'createTab', ...namedIn(earlier, ['formId', 'viewId']), ...named }
    case 'useTab':
    case 'useView':
    case 'publishAll':
    case 'skip':
    case 'abort':
      return { ...namedIn(earlier), ...named, action: decision.action }
  }
}

/**
 * What of a choice stands after the try that it was given to. A view that does not fit is forgotten, as trying again
 * makes our own one anew; everything else may be mended and tried once more. Pure.
 */
export function stillStands(choice: StepChoice | null, pause: SetupPause): StepChoice | null {
  if (choice === null || pause.code !== 'viewUncertain') {
    return choice
  }
  const named = namedIn(choice, ['formId', 'tab'])
  const action = choice.action === 'useView' ? 'retry' : choice.action
  return Object.keys(named).length === 0 ? null : { action, ...named }
}

const NAMES = ['formId', 'tab', 'viewId'] as const

function namedIn(
  choice: StepChoice | null,
  names: readonly (typeof NAMES)[number][] = NAMES,
): Pick<StepChoice, (typeof NAMES)[number]> {
  return Object.fromEntries(
    names.flatMap((name) => (choice?.[name] === undefined ? [] : [[name, choice[name]]])),
  )
}
