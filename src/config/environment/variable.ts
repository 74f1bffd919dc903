import { logger } from '../../telemetry/logger.js'
import type { Variables } from './sections.js'

/** A process warns of each variable once. */
const warnedOf = new Set<string>()

/**
 * A variable without the white space around it, which files and shells leave there and no value needs; a key in PEM
 * form keeps its inner line breaks. Logs the variable's name if there was some.
 * @returns undefined if it is not set or holds only white space, which compose files and shells make of an unset one.
 */
export function variableOf(variables: Variables, name: string): string | undefined {
  const given = variables[name]
  const value = given?.trim()
  if (given !== value && value !== '' && !warnedOf.has(name)) {
    warnedOf.add(name)
    logger('config').warn({ path: name }, 'white space around a variable is removed')
  }
  return value === '' ? undefined : value
}

/** Describes a secret for diagnosis: its length, and the kind of its first and last character. Never the value. */
export function describeSecret(value: string): string {
  const characters = [...value]
  const { length } = characters
  const many = `${length} character${length === 1 ? '' : 's'}`
  return length === 0
    ? many
    : `${many}, the first ${kindOf(characters[0] as string)}, the last ${kindOf(characters.at(-1) as string)}`
}

function kindOf(character: string): string {
  if (/\p{L}/u.test(character)) {
    return 'a letter'
  }
  if (/\p{N}/u.test(character)) {
    return 'a digit'
  }
  if (/["'`“”‘’]/.test(character)) {
    return 'a quotation mark'
  }
  return /[\s\p{C}]/u.test(character) ? 'white space or invisible' : 'a punctuation mark'
}
