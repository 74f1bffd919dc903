import type { Json, SetupAction, SetupPause } from '../../contracts/setup.js'
import { safeText, shellQuoted } from '../terminal-text.js'

/** A place that a choice may name, with what it is called. */
interface Candidate {
  readonly flags: string
  readonly name: string
}

/** A command to be pasted, and what the place that it names is called; empty where it names none. */
export interface OverrideLine {
  readonly name: string
  readonly command: string
}

/**
 * Commands for one choice, ready to be pasted once reason and name are filled in: one for each form, tab or view that
 * was seen. As it stands, `…` is refused as a reason. The name is told apart: not every shell takes a comment, and it is
 * the customer's.
 */
export function overrideLines(
  connectionId: string,
  step: string,
  action: SetupAction,
  { seen }: SetupPause,
): readonly OverrideLine[] {
  const head = `lbsync setup override ${shellQuoted(connectionId)} --step ${shellQuoted(step)}`
  return candidatesOf(action, seen).map(({ flags, name }) => ({
    name,
    command: `${head} --action ${action}${flags} --by '…' --reason '…'`,
  }))
}

function candidatesOf(action: SetupAction, seen: SetupPause['seen']): readonly Candidate[] {
  // Naming the form again does no harm, and where it was chosen before, the choice would be lost otherwise.
  const form = flag('--form-id', seen['formId'])
  switch (action) {
    case 'useForm':
      return named(seen['forms'], (item) => flag('--form-id', item['id']), '--form-id ID')
    case 'useTab':
      return named(
        seen['tabs'],
        (item) => `${flag('--tab', item['name'] ?? item['id'])}${form}`,
        `--tab NAME${form}`,
      )
    case 'useView':
      return named(seen['views'], (item) => flag('--view-id', item['id']), '--view-id ID')
    case 'createTab':
      return [{ flags: form, name: '' }]
    case 'retry':
    case 'publishAll':
    case 'skip':
    case 'abort':
      return [{ flags: '', name: '' }]
  }
}

/** One candidate for each thing seen that may be taken; where none was seen, one with a word to be replaced. */
function named(
  list: Json | undefined,
  flagsOf: (item: Readonly<Record<string, Json>>) => string,
  open: string,
): readonly Candidate[] {
  const items = Array.isArray(list) ? (list as readonly Json[]) : []
  const candidates = items.flatMap((item) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item) || !isOpen(item)) {
      return []
    }
    const flags = flagsOf(item as Readonly<Record<string, Json>>)
    return flags === '' ? [] : [{ flags, name: nameOf(item as Readonly<Record<string, Json>>) }]
  })
  return candidates.length === 0 ? [{ flags: ` ${open}`, name: '' }] : candidates
}

/** What is inactive or locked would only be refused. */
function isOpen(item: object): boolean {
  const { active, customizable } = item as { active?: unknown; customizable?: unknown }
  return active !== false && customizable !== false
}

function nameOf({ name, labels }: Readonly<Record<string, Json>>): string {
  const shown = Array.isArray(labels) && labels.length > 0 ? (labels as Json[]).join(', ') : name
  return typeof shown === 'string' ? safeText(shown) : ''
}

function flag(option: string, value: Json | undefined): string {
  return typeof value === 'string' && value !== '' ? ` ${option} ${shellQuoted(value)}` : ''
}
