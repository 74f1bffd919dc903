import { shellQuoted } from '../terminal-text.js'

/** Options of values that were given out before there was `--value`, by the field of the message. */
export const VALUE_OPTIONS: Readonly<Record<string, ValueOption>> = {
  formId: { flag: '--form-id', takes: 'id', words: 'form that the action needs' },
  tab: { flag: '--tab', takes: 'name', words: 'tab that the action needs, by name or label' },
  viewId: { flag: '--view-id', takes: 'id', words: 'view that the action needs' },
}

interface ValueOption {
  readonly flag: string
  readonly takes: string
  readonly words: string
}

/** A field with its value as the command takes it. @param value null: a word to be replaced. */
export function valueFlag(field: string, value: string | null): string {
  const known = Object.hasOwn(VALUE_OPTIONS, field) ? VALUE_OPTIONS[field] : undefined
  return known === undefined
    ? `--value ${value === null ? `${field}=VALUE` : shellQuoted(`${field}=${value}`)}`
    : `${known.flag} ${value === null ? known.takes.toUpperCase() : shellQuoted(value)}`
}
