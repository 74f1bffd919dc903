import type { PauseCode, SetupAction } from '../../contracts/setup.js'
import type { Work } from '../../app/setup/work.js'

/** What each action does, in a few words. The whole table is in docs/setup.md. */
const WORDS: Readonly<Record<SetupAction, string>> = {
  retry: 'look again, and go on if it is mended',
  useForm: 'take this form',
  useTab: 'take this tab of the form',
  useView: 'take this view',
  createTab: 'make a tab of our own on the form',
  publishAll: "publish them all, others' unpublished changes too",
  skip: 'leave this step out and go on',
  abort: 'end set-up; what is made stays, nothing syncs',
}

/** The same at a step that takes something apart. */
const UNDOING: Readonly<Partial<Record<SetupAction, string>>> = {
  retry: 'try again, and go on if it is mended',
  skip: 'leave this step out and go on; what it would remove stays',
  abort: 'end it; what is done stays done',
}

/** What is lacking where a step is left out. Steps that are not named here cannot be. */
const WITHOUT: Readonly<Record<string, string>> = {
  privileges: 'a privilege that is lacking shows at a later step',
  tablePrivileges: 'set-up then waits at the first step that needs the privileges',
  view: 'the section on the form then needs a view of yours',
  form: 'users do not see the subscriptions on the contact',
  publish: 'users see the section only once somebody publishes the form',
  measure:
    'how the CRM counts writes is learned from our own first ones; until then its times prove no act there to be the later',
  webhooks: 'changes come with the sweep alone, up to half an hour late',
}

/** Where skipping says something about what was seen, and not only leaves a step out. */
const CONFIRMS: Readonly<Partial<Record<PauseCode, string>>> = {
  userNotDedicated: 'you confirm that nothing and nobody else uses this user',
}

/** What a choice does at a step that waits for this. */
export function choiceWords(
  action: SetupAction,
  stepId: string,
  code: PauseCode,
  work: Work = 'setup',
): string {
  if (work !== 'setup') {
    return UNDOING[action] ?? WORDS[action]
  }
  const without = action === 'skip' ? (CONFIRMS[code] ?? WITHOUT[stepId]) : undefined
  return without === undefined ? WORDS[action] : `${WORDS[action]}: ${without}`
}
