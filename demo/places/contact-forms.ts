import type { Control } from '../control.js'

/** The contact form that ships with Dynamics (docs/wire-dataverse.md, 10.1). */
export const STOCK_FORM_ID = '1fed44d1-ae68-4a41-bd2b-f13acac4acfa'

/** The form that the customer's sales department uses. */
export const SALES_FORM_ID = '8d2c3f52-0000-4000-8000-000000000003'

/** The Details tab's name on that form. */
export const RENAMED_TAB = 'tab_profil'

const SERVICE_FORM_ID = '8d2c3f52-0000-4000-8000-000000000004'

interface DumpedForm {
  readonly name: string
  readonly formxml: string
  readonly isdefault: boolean
  readonly draft?: unknown
}

/**
 * Customises the organisation heavily (rule E2): the stock contact form is locked, and two of the customer's own forms
 * are default, with a Details tab of another name. So neither form nor tab is certain.
 */
export async function customiseForms(dynamics: Control): Promise<void> {
  const { formxml } = await formOf(dynamics, STOCK_FORM_ID)
  const own = formxml
    .replaceAll('DETAILS_TAB', RENAMED_TAB)
    .replaceAll('description="Details"', 'description="Profil"')
  await putStockForm(dynamics, formxml, false)
  await putForm(dynamics, SALES_FORM_ID, { name: 'Salg', formxml: own, isdefault: true })
  await putForm(dynamics, SERVICE_FORM_ID, { name: 'Service', formxml: own, isdefault: true })
}

export async function unlockStockForm(dynamics: Control): Promise<void> {
  await putStockForm(dynamics, (await formOf(dynamics, STOCK_FORM_ID)).formxml, true)
}

export async function publishedForm(dynamics: Control, formId: string): Promise<string> {
  return (await formOf(dynamics, formId)).formxml
}

function formOf(dynamics: Control, formId: string): Promise<DumpedForm> {
  return dynamics.get(`rows/systemform/${formId}`)
}

function putStockForm(dynamics: Control, formxml: string, customizable: boolean): Promise<void> {
  const iscustomizable = { Value: customizable, CanBeChanged: true }
  return putForm(dynamics, STOCK_FORM_ID, { name: 'Contact', formxml, iscustomizable })
}

/** Replaces the published main form with this id, if there is one. */
async function putForm(
  dynamics: Control,
  id: string,
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  await dynamics.send('DELETE', `rows/systemform/${id}`).catch(() => null)
  await dynamics.send('POST', 'rows/systemform', {
    id,
    values: {
      objecttypecode: 'contact',
      type: 2,
      isdefault: false,
      formactivationstate: 1,
      iscustomizable: { Value: true, CanBeChanged: true },
      ...values,
    },
  })
}
