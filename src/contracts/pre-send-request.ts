import { accountId, connectionId } from './inputs.js'
import type { PreSendRequest } from './pre-send.js'
import {
  fault,
  flag,
  invalid,
  list,
  object,
  oneOf,
  optional,
  orNull,
  text,
  utcTime,
  type Fault,
  type Rule,
} from './schema.js'

/** eMarketeer's ids are opaque texts without blanks (docs/wire-emarketeer.md, common rules). */
const emarketeerId = text(
  /^[A-Za-z0-9._:-]{1,100}$/,
  'must be 1 to 100 letters, digits, ".", "_", ":" and "-"',
  'must be text, in quotes',
)

/** Contact ids per request. A larger audience is named by campaign and component. */
const MAX_CONTACT_IDS = 1_000

/** Required with contact ids, and allowed only with them; otherwise eMarketeer's audience contains them. */
const SENDING_FIELDS = ['channel', 'categoryId', 'transactional'] as const

const has = (input: Parameters<Rule>[0], key: string) => input[key] !== undefined

/** Requires exactly one of connection and account. */
const who: Rule = (input) => {
  if (has(input, 'connectionId') && has(input, 'accountId')) {
    const must = 'give either connectionId or accountId'
    return [invalid(['accountId'], must, input['accountId'])]
  }
  return has(input, 'connectionId') || has(input, 'accountId')
    ? []
    : [fault('value_missing', ['connectionId'], 'is missing, or accountId instead', undefined)]
}

/** Requires one audience: contact ids with their sending fields, or campaign and component alone. */
const audience: Rule = (input) => {
  const incomplete = (path: string, must: string) =>
    fault('audience_incomplete', [path], must, undefined)
  if (has(input, 'contactIds')) {
    const doubled = ['campaignId', 'componentId'].filter((field) => has(input, field))
    return [
      ...SENDING_FIELDS.filter((field) => !has(input, field)).map((field) =>
        incomplete(field, 'is missing: contactIds needs it'),
      ),
      ...doubled.map((field) =>
        invalid([field], 'give either contactIds or campaignId and componentId', undefined),
      ),
    ]
  }
  const lacking = ['campaignId', 'componentId'].filter((field) => !has(input, field))
  return [
    ...SENDING_FIELDS.filter((field) => has(input, field)).map((field) =>
      incomplete(field, 'goes with contactIds only'),
    ),
    ...lacking
      .slice(0, 1)
      .map((field) =>
        incomplete(field, 'is missing: give contactIds, or campaignId and componentId'),
      ),
  ]
}

/** A repeated contact is the sender's fault, because the sender would count it twice. */
const repeats: Rule = (input) => {
  const ids: readonly unknown[] = Array.isArray(input['contactIds']) ? input['contactIds'] : []
  const firstAt = new Map<unknown, number>()
  const faults: Fault[] = []
  for (const [index, id] of ids.slice(0, MAX_CONTACT_IDS).entries()) {
    const first = firstAt.get(id)
    if (first === undefined) {
      firstAt.set(id, index)
    } else {
      faults.push(invalid(['contactIds', index], `it repeats contactIds.${first}`, undefined))
    }
  }
  return ids.length > MAX_CONTACT_IDS ? [] : faults
}

/** Requires a deadline after `nowMs` and after the start. The shape reports invalid times. */
const times =
  (nowMs: number): Rule =>
  ({ deadline, startAt }) => {
    const deadlineMs = typeof deadline === 'string' ? Date.parse(deadline) : Number.NaN
    const startMs = typeof startAt === 'string' ? Date.parse(startAt) : Number.NaN
    const past = (must: string) => [fault('deadline_past', ['deadline'], must, deadline)]
    if (deadlineMs <= nowMs) {
      return past(`has passed: it is ${new Date(nowMs).toISOString()}`)
    }
    return deadlineMs <= startMs ? past('does not lie after startAt') : []
  }

/**
 * The request of a pre-send (G1), in a file and as the workflow's input.
 * @param nowMs Unix ms of the request; the deadline must be later.
 */
export function preSendRequest(nowMs: number) {
  return object<PreSendRequest>(
    {
      connectionId: optional(connectionId),
      accountId: optional(accountId),
      // Part of workflow ids and audience keys, so only these characters are allowed.
      sendoutId: text(
        // Part of a gateway path, in which "." and ".." are not names.
        /^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,200}$/,
        'must be 1 to 200 letters, digits, ".", "_", ":" and "-", and not "." or ".."',
      ),
      campaignId: optional(emarketeerId),
      componentId: optional(emarketeerId),
      contactIds: optional(
        list(emarketeerId, { least: 1, most: MAX_CONTACT_IDS, tooMany: 'too_many_contact_ids' }),
      ),
      channel: optional(oneOf(['email', 'sms'])),
      categoryId: optional(orNull(emarketeerId)),
      transactional: optional(flag),
      stage: oneOf(['checklist', 'send']),
      startAt: optional(orNull(utcTime)),
      deadline: optional(utcTime),
      onUnverified: optional(oneOf(['exclude', 'abort'])),
    },
    who,
    audience,
    repeats,
    times(nowMs),
  )
}
