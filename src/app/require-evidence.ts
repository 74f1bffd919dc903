import { AppError } from '../contracts/app-error.js'
import { words } from '../contracts/schema.js'

/** Who does something, and why: kept as evidence. */
export interface Evidence {
  readonly reason: string
  readonly by: string
}

/** As much of a text as is shown where it is refused. */
const SHOWN_CHARACTERS = 40

/** What stands in help and on pages where whoever pastes the line is to write something, as {@link plainOf} has it. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(
  'name yourname reason thereason yourreason text who why by user placeholder todo tbd na fixme'.split(
    ' ',
  ),
)

/**
 * Judges who and why, of whatever command takes them: kept as evidence (E3), so that what was pasted along and says nothing
 * is none. Pure.
 *
 * @param options of the command; those that it does not take, or that were left out, are absent.
 * @throws AppError `value_missing` where one is empty; `value_invalid` for a place holder (`…`, `<name>`, `REASON`), a
 *   single letter or the same one again and again, and for what could not be kept.
 */
export function requireEvidence({ reason, by }: Partial<Evidence>): void {
  const given = Object.entries({ reason, by }).flatMap(([name, value]) =>
    value === undefined ? [] : [[`--${name}`, value] as const],
  )
  const empty = given.find(([, value]) => value.trim() === '')
  if (empty) {
    throw new AppError('value_missing', `${empty[0]} is empty.`, { path: empty[0] })
  }
  given.forEach(([option, value]) => requireStorable(option, value))
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

/** Letters and digits alone, in lower case. */
function plainOf(value: string): readonly string[] {
  return value.toLowerCase().match(/[\p{L}\p{N}]/gu) ?? []
}
