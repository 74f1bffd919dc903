import type { ToggleValue } from '../../../domain/reconcile/types.js'

/** The only body ever sent for a contact: the toggle, inverted, and no other column (rule B8). */
export interface ContactBody {
  readonly donotbulkemail: boolean
}

/** Builds it. `donotbulkemail` true = do not allow. */
export function contactBody(value: ToggleValue): ContactBody {
  return { donotbulkemail: value === 'deny' }
}
