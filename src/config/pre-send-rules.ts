import { describeOpenly } from './describe-value.js'
import type { Problem } from './problems.js'
import type { JsonRecord } from './record-paths.js'

/** Contacts that a request may name itself; more are asked for by campaign and component. */
const MAX_CONTACT_IDS = 1_000

/** What goes with contact ids, and only with them: otherwise eMarketeer's audience tells it. */
const SENDING_FIELDS = ['channel', 'categoryId', 'transactional'] as const

const has = (input: JsonRecord, key: string) => input[key] !== undefined

const problem = (code: Problem['code'], path: string, message: string, value?: unknown) => ({
  code,
  message,
  path,
  value: describeOpenly(value),
})

/** Exactly one of connection and account. */
export function problemsOfWho(input: JsonRecord): readonly Problem[] {
  const both = has(input, 'connectionId') && has(input, 'accountId')
  const neither = !has(input, 'connectionId') && !has(input, 'accountId')
  if (both) {
    const message = 'accountId is not valid: give either connectionId or accountId.'
    return [problem('value_invalid', 'accountId', message, input['accountId'])]
  }
  return neither
    ? [problem('value_missing', 'connectionId', 'connectionId is missing, or accountId instead.')]
    : []
}

/** At most 1,000 contact ids. */
export function problemsOfNumber(input: JsonRecord): readonly Problem[] {
  const ids = input['contactIds']
  return Array.isArray(ids) && ids.length > MAX_CONTACT_IDS
    ? [
        problem(
          'too_many_contact_ids',
          'contactIds',
          `contactIds names ${ids.length} contacts; at most ${MAX_CONTACT_IDS} are taken.`,
          ids.length,
        ),
      ]
    : []
}

/** One audience: contact ids with what they need, or campaign and component alone. */
export function problemsOfAudience(input: JsonRecord): readonly Problem[] {
  if (has(input, 'contactIds')) {
    const lacking = SENDING_FIELDS.filter((field) => !has(input, field)).map((field) =>
      problem('audience_incomplete', field, `${field} is missing: contactIds needs it.`),
    )
    const doubled = ['campaignId', 'componentId'].filter((field) => has(input, field))
    return [
      ...lacking,
      ...doubled.map((field) =>
        problem(
          'value_invalid',
          field,
          `${field} is not valid: give either contactIds or campaignId and componentId.`,
        ),
      ),
    ]
  }
  const needless = SENDING_FIELDS.filter((field) => has(input, field)).map((field) =>
    problem('audience_incomplete', field, `${field} goes with contactIds only.`),
  )
  const lacking = ['campaignId', 'componentId'].filter((field) => !has(input, field))
  return [
    ...needless,
    ...(lacking.length === 0
      ? []
      : [
          problem(
            'audience_incomplete',
            lacking[0] ?? 'campaignId',
            `The audience is missing: give contactIds, or campaignId and componentId (${lacking.join(', ')} not given).`,
          ),
        ]),
  ]
}

/** A contact named twice is a fault of the sender, who would count it twice. */
export function problemsOfRepeats(input: JsonRecord): readonly Problem[] {
  const ids: readonly unknown[] = Array.isArray(input['contactIds']) ? input['contactIds'] : []
  const firstAt = new Map<unknown, number>()
  const repeats: Problem[] = []
  for (const [index, id] of ids.entries()) {
    const first = firstAt.get(id)
    if (first === undefined) {
      firstAt.set(id, index)
    } else {
      const path = `contactIds.${index}`
      const message = `${path} is not valid: it repeats contactIds.${first}.`
      repeats.push(problem('value_invalid', path, message))
    }
  }
  return repeats
}

/** The deadline lies ahead, and after the start. Times that are none are told by the shape. */
export function problemsOfTimes(input: JsonRecord, now: Date): readonly Problem[] {
  const deadline = input['deadline']
  const deadlineMs = typeof deadline === 'string' ? Date.parse(deadline) : Number.NaN
  const startAt = input['startAt']
  const startMs = typeof startAt === 'string' ? Date.parse(startAt) : Number.NaN
  const past = (what: string) => [problem('deadline_past', 'deadline', what, deadline)]
  if (deadlineMs <= now.getTime()) {
    return past(`The deadline has passed: it is ${now.toISOString()}.`)
  }
  return deadlineMs <= startMs ? past('The deadline does not lie after startAt.') : []
}
