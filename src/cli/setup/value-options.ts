import { shellQuoted } from '../terminal-text.js'

/** Options that are older than `--value`, by the field of the message. */
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

/** A field and its value as command-line options. @param value null: a placeholder. */
export function valueFlag(field: string, value: string | null): string {
  const known = Object.hasOwn(VALUE_OPTIONS, field) ? VALUE_OPTIONS[field] : undefined
  return known === undefined
    ? `--value ${value === null ? `${field}=VALUE` : shellQuoted(`${field}=${value}`)}`
    : `${known.flag} ${value === null ? known.takes.toUpperCase() : shellQuoted(value)}`
}
