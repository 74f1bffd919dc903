import { badRequest } from '../errors.js'

/** A token of a filter. */
export type Token =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'sign'; readonly text: '(' | ')' | ',' | '=' }

/** A column name of either kind: `consentperson.person_id.(email->person_id).email_address`, `email/emailAddress`. */
const WORD = /[A-Za-z_]\w*(?:\/[A-Za-z_]\w*|[.:][A-Za-z_]\w*|\.\([A-Za-z_]\w*->[A-Za-z_]\w*\))*/y
const NUMBER = /-?\d+(?![\w.])/y
/** Backslash escapes; a doubled quote is not an escape here and ends in a syntax error. */
const TEXT = /'((?:[^'\\]|\\['\\])*)'(?!')/y

/** Splits a filter. Throws 400 on anything that is not part of the language. */
export function tokenize(filter: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(filter)
    at = found === null ? at : pattern.lastIndex
    return found === null ? undefined : (found[1] ?? found[0])
  }
  while (at < filter.length) {
    const sign = filter[at]
    if (sign === ' ') {
      at += 1
    } else if (sign === '(' || sign === ')' || sign === ',' || sign === '=') {
      tokens.push({ kind: 'sign', text: sign })
      at += 1
    } else if (sign === "'") {
      const text = take(TEXT)
      if (text === undefined) {
        throw badRequest('Unbalanced or wrongly escaped quote in $filter')
      }
      tokens.push({ kind: 'text', text: text.replace(/\\(['\\])/g, '$1') })
    } else {
      const number = take(NUMBER)
      const word = number ?? take(WORD)
      if (word === undefined) {
        throw badRequest(`Unexpected '${sign}' in $filter`)
      }
      tokens.push({ kind: number === undefined ? 'word' : 'number', text: word })
    }
  }
  return tokens
}
