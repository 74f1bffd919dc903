import type { Json, SetupPause } from '../../../../contracts/setup.js'
import type { FormDocument } from './form-document.js'
import type { FormShapeError } from './xml-tree.js'
import { tabsSeen } from './tabs.js'
import type { MainForm } from './rows.js'

/** Why the form is not certain, with all main forms, so that one can be chosen (rule E2). */
export function formUncertain(reason: string, forms: readonly MainForm[]): SetupPause {
  return {
    code: 'formUncertain',
    message: `${reason} Choose a main form of contact by its id, or fix it and retry.`,
    choices: ['useForm', 'retry', 'skip', 'abort'],
    seen: { forms: forms.map(formSeen) },
  }
}

/** A form that we cannot read as forms are built: nothing of it is touched. */
export function oddForm(
  error: FormShapeError,
  form: MainForm,
  forms: readonly MainForm[],
): SetupPause {
  const pause = formUncertain(`The form "${form.name}" cannot be changed: ${error.message}.`, forms)
  return { ...pause, seen: { ...pause.seen, formId: form.formId, reason: error.message } }
}

/** No tab that is certainly Details, with the tabs there are. */
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

/** Publishing ours would publish theirs. */
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
