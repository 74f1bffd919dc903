import type { Json, SetupPause } from '../../../../contracts/setup.js'
import type { FormDocument } from './form-document.js'
import type { FormShapeError } from './xml-tree.js'
import { tabsSeen } from './tabs.js'
import type { MainForm } from './rows.js'

/** The form is not certain. The pause lists all main forms, so that Support can choose one (rule E2). */
export function formUncertain(reason: string, forms: readonly MainForm[]): SetupPause {
  return {
    code: 'formUncertain',
    message: `${reason} Choose a main form of contact by its id, or fix it and retry.`,
    choices: ['useForm', 'retry', 'skip', 'abort'],
    seen: { forms: forms.map(formSeen) },
  }
}

/** The form is not built in a way that we know. Nothing in it is changed. */
export function oddForm(
  error: FormShapeError,
  form: MainForm,
  forms: readonly MainForm[],
): SetupPause {
  const pause = formUncertain(`The form "${form.name}" cannot be changed: ${error.message}.`, forms)
  return { ...pause, seen: { ...pause.seen, formId: form.formId, reason: error.message } }
}

/** No tab is certainly the Details tab. The pause lists the tabs of the form. */
export function detailsTabMissing(
  reason: string,
  form: MainForm,
  document: FormDocument,
): SetupPause {
  return {
    code: 'detailsTabMissing',
    message: `${reason} Name a tab of the form "${form.name}", have the tab made, or choose another form.`,
    choices: ['useTab', 'createTab', 'useForm', 'retry', 'skip', 'abort'],
    seen: { formId: form.formId, formName: form.name, tabs: tabsSeen(document) },
  }
}

/** Publishing our changes would also publish somebody's. */
export function draftPending(
  form: { readonly formId: string; readonly name: string },
  choices: readonly string[],
): SetupPause {
  return {
    code: 'draftPending',
    message: `Somebody has changes on the form "${form.name}" that are not published; publishing ours would publish theirs. Have them published or discarded, then retry.`,
    choices,
    seen: { formId: form.formId, formName: form.name },
  }
}

function formSeen(form: MainForm): Json {
  return {
    id: form.formId,
    name: form.name,
    active: form.active,
    default: form.isDefault,
    customizable: form.customizable,
    managed: form.managed,
  }
}
