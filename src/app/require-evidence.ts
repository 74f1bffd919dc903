import { AppError } from '../contracts/app-error.js'
import { words } from '../contracts/schema.js'

/** Who does something, and why. Stored as evidence. */
export interface Evidence {
  readonly reason: string
  readonly by: string
}

/** The longest part of a refused text that is shown. */
const SHOWN_CHARACTERS = 40

/** Placeholders in help texts and on pages, in the form of {@link plainOf}. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(
  'name yourname reason thereason yourreason text who why by user placeholder todo tbd na fixme'.split(
    ' ',
  ),
)

/**
 * Checks who and why for any command that takes them. Both are stored as evidence (E3), so a pasted placeholder is not
 * accepted. Pure.
 * @param options of the command; an option that the command does not take, or that was left out, is absent.
 * @throws AppError `value_invalid` for a placeholder (`…`, `<name>`, `REASON`), for an empty text, a single letter or one
 * letter repeated, and for text that cannot be stored. The command line has refused empty values before, as `value_missing`.
 */
export function requireEvidence({ reason, by }: Partial<Evidence>): void {
  for (const [name, value] of Object.entries({ reason, by })) {
    if (value !== undefined) {
      requireStorable(`--${name}`, value)
    }
  }
}

function requireStorable(option: string, value: string): void {
  const [fault] = words.faultsOf(value, [])
  const what = fault?.must ?? (saysNothing(value) ? 'says nothing; it is kept as evidence' : null)
  if (what !== null) {
    const shown = value.slice(0, SHOWN_CHARACTERS)
    throw new AppError('value_invalid', `${option} ${what}.`, { path: option, value: shown })
  }
}

function saysNothing(value: string): boolean {
  const plain = plainOf(value)
  return plain.length < 2 || new Set(plain).size === 1 || PLACEHOLDERS.has(plain.join(''))
}

/** Letters and digits only, in lower case. */
function plainOf(value: string): readonly string[] {
  return value.toLowerCase().match(/[\p{L}\p{N}]/gu) ?? []
}
