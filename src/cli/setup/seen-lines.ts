import type { Json, SetupPause } from '../../contracts/setup.js'
import { safeText } from '../terminal-text.js'

type JsonObject = { readonly [key: string]: Json }

/** What was seen, a line a fact; lists of things with a line each: name, id, then what is so and what is not. */
export function seenLines(seen: SetupPause['seen']): readonly string[] {
  return Object.entries(seen).flatMap(([key, value]) => {
    if (value === null || (isList(value) && value.length === 0)) {
      return []
    }
    if (isList(value) && value.some(isObject)) {
      return [`${key}:`, ...value.map((item) => `  - ${itemText(item)}`)]
    }
    return [`${key}: ${valueText(value)}`]
  })
}

function itemText(item: Json): string {
  if (!isObject(item)) {
    return valueText(item)
  }
  const { name, id, ...rest } = item
  const facts = Object.entries(rest).flatMap(([key, value]) => factText(key, value))
  const named = [name, id].filter((part) => part !== null && part !== undefined).map(valueText)
  return [named.join('  '), facts.join(', ')].filter((part) => part !== '').join('  ')
}

function factText(key: string, value: Json): readonly string[] {
  if (typeof value === 'boolean') {
    return [value ? key : `not ${key}`]
  }
  return value === null || (isList(value) && value.length === 0)
    ? []
    : [`${key} ${valueText(value)}`]
}

function valueText(value: Json): string {
  if (typeof value === 'string') {
    return safeText(value)
  }
  if (isList(value) && !value.some((part) => isObject(part) || isList(part))) {
    return value.map(valueText).join(', ')
  }
  return JSON.stringify(value)
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
