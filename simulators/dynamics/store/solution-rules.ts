import { ServiceError } from '../errors.js'
import type { Context, TableRules } from '../organisation.js'
import type { Json } from './schema.js'

/** A publisher's prefix and unique name (wire page, section 9.1). */
export const publisherRules: TableRules = {
  beforeCreate: (context, values) => {
    const prefix = String(values['customizationprefix'])
    if (!/^[a-z][a-z0-9]{1,7}$/i.test(prefix) || /^mscrm/i.test(prefix)) {
      throw refused(
        'The prefix has 2 to 8 letters or digits, starts with a letter, and is not mscrm.',
      )
    }
    requireUnique(context, 'publisher', values)
  },
}

/** A solution's publisher and unique name. */
export const solutionRules: TableRules = {
  beforeCreate: (context, values) => {
    if (
      values['publisherid'] === undefined ||
      !/^\d+(\.\d+){1,3}$/.test(String(values['version']))
    ) {
      throw refused('A solution needs a publisher and a version such as 1.0.0.0.')
    }
    requireUnique(context, 'solution', values)
  },
}

function requireUnique(
  context: Context,
  table: string,
  values: Readonly<Record<string, Json>>,
): void {
  const name = String(values['uniquename'])
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw refused('uniquename has letters, digits and underscores.')
  }
  for (const row of context.org.store.rows(table).all()) {
    if (String(row.values['uniquename']).toLowerCase() === name.toLowerCase()) {
      throw new ServiceError(400, '0x8004f026', `A ${table} with this unique name exists already.`)
    }
  }
}

function refused(message: string): ServiceError {
  return new ServiceError(400, '0x80040203', message)
}
