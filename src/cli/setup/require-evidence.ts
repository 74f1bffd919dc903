import { AppError } from '../../contracts/app-error.js'
import { requireWords, type Words } from '../connection/require-words.js'

/**
 * Who, and why: kept as evidence (E3), so that a place holder that was pasted along is none.
 * @throws AppError `value_missing` where one is empty, `value_invalid` where it has neither letter nor digit.
 */
export function requireEvidence(words: Words): void {
  requireWords(words)
  const { reason, by } = words
  const blank = Object.entries({ reason, by }).find(([, text]) => !/[\p{L}\p{N}]/u.test(text))
  if (blank) {
    const [name, value] = blank
    const message = `--${name} says nothing; it is kept as evidence.`
    throw new AppError('value_invalid', message, { path: `--${name}`, value })
  }
}
