import { logger } from '../../telemetry/logger.js'
import type { Variables } from './sections.js'

/** Each is told once a process. */
const told = new Set<string>()

/**
 * A variable without the white space around it, which files and shells leave there and nothing that we read needs: a key in PEM
 * form keeps its inner line breaks. That there was some is logged, with the variable's name.
 *
 * @returns undefined where it is not set, or holds nothing else: what compose files and shells make of an unset one.
 */
export function variableOf(variables: Variables, name: string): string | undefined {
  const given = variables[name]
  const value = given?.trim()
  if (given !== value && value !== '' && !told.has(name)) {
    told.add(name)
    logger('config').warn({ path: name }, 'white space around a variable is left out')
  }
  return value === '' ? undefined : value
}

/**
 * A secret as it may be told to who looks for what is wrong with it: how long it is, and of what kind its first and last
 * character are. Never the value.
 */
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
