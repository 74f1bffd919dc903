import type { SetupPause, StepChoice } from '../../../../contracts/setup.js'
import type { FormFacts } from '../../facts.js'
import { plain } from './own-names.js'
import { formUncertain } from './pauses.js'
import type { MainForm } from './rows.js'

/** The contact form that ships with Dynamics (docs/wire-dataverse.md, 10.1). */
const STOCK_FORM = { formId: '1fed44d1-ae68-4a41-bd2b-f13acac4acfa', name: 'Contact' }

/** The form for our section, or the pause if none is certain. */
export type FormTarget =
  | { readonly form: MainForm; readonly chosen: boolean; readonly note: string | null }
  | { readonly pause: SetupPause }

/**
 * Chooses the form. It is certain if Support named it, if it is the one used before, if it is the stock form by its id,
 * or if exactly one default form is customisable (rule E2; 10.5). Names prove nothing: a renamed form gives only a
 * note.
 */
export function chooseForm(
  forms: readonly MainForm[],
  known: FormFacts | undefined,
  choice: StepChoice | null,
): FormTarget {
  const named = choice?.formId ?? (known?.chosen === true ? known.formId : null)
  if (named !== null) {
    const wanted = plain(named)
    const form = forms.find(({ formId }) => formId === wanted)
    if (form === undefined) {
      return { pause: formUncertain('Contact has no main form with the chosen id.', forms) }
    }
    return isOpen(form)
      ? { form, chosen: true, note: null }
      : { pause: formUncertain(closedReason(form), forms) }
  }
  const before = forms.find(({ formId }) => formId === known?.formId)
  if (before !== undefined && isOpen(before)) {
    return { form: before, chosen: false, note: noteOnName(before) }
  }
  const stock = forms.find(({ formId }) => formId === STOCK_FORM.formId)
  if (stock !== undefined && isOpen(stock)) {
    const note =
      stock.name === STOCK_FORM.name ? null : `The contact form is named "${stock.name}".`
    return { form: stock, chosen: false, note }
  }
  const defaults = forms.filter((form) => form.isDefault && isOpen(form))
  const [only] = defaults
  if (only !== undefined && defaults.length === 1) {
    return { form: only, chosen: false, note: noteOnName(only) }
  }
  const reason =
    stock === undefined ? 'The stock contact form is missing, and' : `${closedReason(stock)} And`
  const others =
    defaults.length === 0
      ? 'no other main form is the default and may be customised.'
      : 'several main forms are the default.'
  return { pause: formUncertain(`${reason} ${others}`, forms) }
}

/** A note on the form's name, if it is not the stock form with its stock name; otherwise null. */
function noteOnName({ formId, name }: MainForm): string | null {
  if (formId !== STOCK_FORM.formId) {
    return `The section is on the form "${name}", not on the stock contact form.`
  }
  return name === STOCK_FORM.name ? null : `The stock contact form is named "${name}".`
}

function isOpen(form: MainForm): boolean {
  return form.active && form.customizable
}

function closedReason(form: MainForm): string {
  return form.active
    ? `The form "${form.name}" is locked: it may not be customised.`
    : `The form "${form.name}" is not active.`
}
