import type { TableRules } from '../organisation.js'
import type { Json } from '../store/schema.js'

/** `fullname` follows the two names, as the service computes it. */
export const contactRules: TableRules = {
  beforeCreate: (_context, values) => setFullName(values),
  beforeUpdate: (_context, _row, _sent, values) => setFullName(values),
}

/** Sets or clears `fullname` from `firstname` and `lastname`. */
export function setFullName(values: Record<string, Json>): void {
  const name = [values['firstname'], values['lastname']]
    .filter((part) => typeof part === 'string' && part !== '')
    .join(' ')
  if (name === '') {
    delete values['fullname']
  } else {
    values['fullname'] = name
  }
}
