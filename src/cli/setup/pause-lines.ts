import type { Json, SetupPause } from '../../contracts/setup.js'
import { withMeaning } from '../../crm/crm.js'
import { CRM_DRIVERS, MEANINGS_OF_ALL_CRMS } from '../../crm/registry.js'
import { recheckAfterMs } from '../../workflows/setup/recheck.js'
import type { CommonAction } from '../../domain/transitions.js'
import { type Paint, safeText, shellQuoted } from '../terminal-text.js'
import { valueFlag } from './value-options.js'
import { WORK_WORDS, type Work } from '../../app/setup/look-at-setup.js'

/** The step that waits, and its set-up. */
export interface WaitingStep {
  readonly connectionId: string
  readonly stepId: string
  readonly pause: SetupPause
  /** Absent: set-up. */
  readonly work?: Work
}

/** Why a step waits, and what it found. */
export function pauseLines({ pause }: Pick<WaitingStep, 'pause'>, paint: Paint): readonly string[] {
  const seen = seenLines(pause.seen)
  return [
    `${paint('yellow', `Waits (${pause.code}):`)} ${safeText(pause.message)}`,
    ...(seen.length === 0 ? [] : ['Seen:', ...seen.map((line) => `  ${line}`)]),
  ]
}

/** Support's choices, each as text, with commands to paste. */
export function choiceLines(
  { connectionId, stepId, pause, work = 'setup' }: WaitingStep,
  paint: Paint,
): readonly string[] {
  const again = work === 'setup' ? againWords(pause) : WORK_WORDS[work].again
  return [
    `${again} Choices (fill in who and why; both are kept as evidence):`,
    ...pause.choices.flatMap((action) => [
      `  ${paint('bold', action)}: ${choiceWords(action, stepId, pause, work)}`,
      ...overrideLines(connectionId, stepId, action, pause).flatMap(({ name, command }) => [
        ...(name === '' ? [] : [`    ${name}:`]),
        `    ${paint('cyan', command)}`,
      ]),
    ]),
  ]
}

/** A pause from an older release carries no actions; they come from the CRMs. */
function explained(pause: SetupPause): SetupPause {
  return pause.actions === undefined ? withMeaning(pause, MEANINGS_OF_ALL_CRMS) : pause
}

function againWords(pause: SetupPause): string {
  return recheckAfterMs(pause, 0) === null
    ? 'It waits until somebody chooses.'
    : 'Set-up checks again by itself, first after 5 minutes, then less often, at least every hour.'
}

type JsonObject = { readonly [key: string]: Json }

/**
 * What the step found, one line per fact. A list of objects has a line for each: name, id, then what is true and what
 * is not.
 */
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

/** A possible target of a choice, with its name. */
interface Candidate {
  readonly flags: string
  readonly name: string
}

/** A command to paste, and the name of its target; empty if it has none. */
export interface OverrideLine {
  readonly name: string
  readonly command: string
}

/**
 * Commands for one choice, ready to paste once reason and name are filled in: one for each form, tab or view that was
 * found. Left unchanged, `…` is refused as a reason. The target's name is not a comment in the command, because not
 * every shell accepts comments and because the customer chose the name.
 */
export function overrideLines(
  connectionId: string,
  step: string,
  action: string,
  pause: SetupPause,
): readonly OverrideLine[] {
  const head = `lbsync setup override ${shellQuoted(connectionId)} --step ${shellQuoted(step)}`
  return candidatesOf(action, explained(pause)).map(({ flags, name }) => ({
    name,
    command: `${head} --action ${action}${flags} --by '…' --reason '…'`,
  }))
}

function candidatesOf(action: string, { seen, actions }: SetupPause): readonly Candidate[] {
  const { needs, among, keeps } = actions?.[action] ?? {}
  // Repeating an earlier choice does no harm, and keeps it.
  const kept = keeps === undefined ? '' : flag(keeps, seen[keeps])
  if (needs === undefined) {
    return [{ flags: kept, name: '' }]
  }
  return named(
    seen[among?.list ?? ''],
    (item) => {
      const key = among?.by.find((one) => item[one] !== null && item[one] !== undefined)
      const own = key === undefined ? '' : flag(needs, item[key])
      return own === '' ? '' : `${own}${kept}`
    },
    `${valueFlag(needs, null)}${kept}`,
  )
}

/** One candidate for each object that can be chosen; if there is none, one with a placeholder. */
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

/** Set-up would refuse an inactive or locked object. */
function isOpen(item: object): boolean {
  const { active, customizable } = item as { active?: unknown; customizable?: unknown }
  return active !== false && customizable !== false
}

function nameOf({ name, labels }: Readonly<Record<string, Json>>): string {
  const shown = Array.isArray(labels) && labels.length > 0 ? (labels as Json[]).join(', ') : name
  return typeof shown === 'string' ? safeText(shown) : ''
}

function flag(field: string, value: Json | undefined): string {
  return typeof value === 'string' && value !== '' ? ` ${valueFlag(field, value)}` : ''
}

/**
 * The effect of each common action, in a few words. A CRM's own actions have their own words. docs/setup.md has the
 * complete table.
 */
const WORDS: Readonly<Record<CommonAction, string>> = {
  retry: 'check again, and go on if it is fixed',
  skip: 'leave this step out and go on',
  abort: 'end set-up; what is made stays, nothing syncs',
}

/** The effect at a step that removes something. */
const UNDOING: Readonly<Record<CommonAction, string>> = {
  retry: 'try again, and go on if it is fixed',
  skip: 'leave this step out and go on; what it would remove stays',
  abort: 'end it; what is done stays done',
}

/** What is missing if a step is skipped, by its id. The same id means the same in every CRM. */
const WITHOUT: ReadonlyMap<string, string | null> = new Map([
  ...[...CRM_DRIVERS.values()].flatMap(({ setupSteps }) =>
    setupSteps.map(({ id, without }) => [id, without] as const),
  ),
  ['webhooks', 'changes come with the sweep alone, up to half an hour late'],
])

/** The effect of a choice at a waiting step. */
export function choiceWords(
  action: string,
  stepId: string,
  pause: SetupPause,
  work: Work = 'setup',
): string {
  const { actions, skipConfirms } = explained(pause)
  const words = isCommon(action)
    ? (work === 'setup' ? WORDS : UNDOING)[action]
    : (actions?.[action]?.words ?? 'see docs/setup.md')
  const without =
    work === 'setup' && action === 'skip' ? (skipConfirms ?? WITHOUT.get(stepId) ?? null) : null
  return without === null ? words : `${words}: ${without}`
}

function isCommon(action: string): action is CommonAction {
  return Object.hasOwn(WORDS, action)
}
