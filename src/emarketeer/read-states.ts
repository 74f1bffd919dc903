import { chunksOf, halvesOf } from '../domain/lists.js'
import { isTooLarge, type CallContext, type FittingPages } from '../http/index.js'
import type { EmarketeerClient, StatesQuery } from './client.js'
import { MAX_STATES } from './operations/read-operations.js'
import { statesRead } from './wire/state-schemas.js'
import { TOO_LARGE, type StatePart, type StatesRead, type StatesPage } from './states.js'
import { withoutRefused } from './without-refused.js'

/**
 * An address in the form that eMarketeer compares: only trimmed and lower-cased (docs/wire-emarketeer.md, common
 * rules). Two spellings of one key that still differ are two addresses in eMarketeer, each with its own state.
 * @returns null for no address.
 */
export function emarketeerSpelling(address: string | null | undefined): string | null {
  const form = address?.trim().toLowerCase()
  return form ? form : null
}

/** Parallel reads. eMarketeer allows 50 requests a second, so this leaves room for others. */
const LANES = 4

/** eMarketeer refuses any other address, and with it the complete call (docs/wire-emarketeer.md, EM-B3). */
const ASKABLE = /^[^\s@!#$%*/?^`{|}~\\]+@[^\s@!#$%*/?^`{|}~\\]+$/
const MAX_ADDRESS_LENGTH = 254

/**
 * Reads the state of any number of contacts in calls of 1,000, a few in parallel (EM-B3).
 *
 * It asks for each contact once, and for each address in eMarketeer's spelling. An address that cannot belong to a
 * contact is `missing` without a request, and so is one that eMarketeer refuses. If an answer exceeds a limit, it asks
 * for half as many. A single address that exceeds it (more contacts than a page holds) is `unreadable`.
 * @throws UpstreamError of the first call that failed; the other calls continue and their answers are dropped.
 */
export async function readManyStates(
  client: Pick<EmarketeerClient, 'readStates'>,
  query: StatesQuery,
  include?: StatePart,
  context?: CallContext,
): Promise<StatesRead> {
  const missing: string[] = []
  const queries: StatesQuery[] = []
  if ('contactIds' in query) {
    for (const contactIds of chunksOf([...new Set(query.contactIds)], MAX_STATES)) {
      queries.push({ contactIds })
    }
  } else {
    const asked = new Set<string>()
    for (const email of query.emails) {
      const form = emarketeerSpelling(email)
      if (form !== null && ASKABLE.test(form) && form.length <= MAX_ADDRESS_LENGTH) {
        asked.add(form)
      } else {
        missing.push(email)
      }
    }
    for (const emails of chunksOf([...asked], MAX_STATES)) {
      queries.push({ emails })
    }
  }
  const answers: StatesRead[] = []
  let next = 0
  const lane = async () => {
    for (let at = next++; at < queries.length; at = next++) {
      answers[at] = await readTaken(client, queries[at]!, include, context)
    }
  }
  await Promise.all(Array.from({ length: Math.min(LANES, queries.length) }, lane))
  return {
    items: answers.flatMap((answer) => answer.items),
    unreadable: answers.flatMap((answer) => answer.unreadable),
    missing: [...missing, ...answers.flatMap((answer) => answer.missing)],
  }
}

/** One call. If eMarketeer refuses single items, the call is repeated without them. */
async function readTaken(
  client: Pick<EmarketeerClient, 'readStates'>,
  query: StatesQuery,
  include: StatePart | undefined,
  context: CallContext | undefined,
): Promise<StatesRead> {
  const refusedSoFar: string[] = []
  for (let left = query; ;) {
    const { key, values } = listOf(left)
    try {
      const { missing, ...read } = await client.readStates(left, include, context)
      return { ...read, missing: [...refusedSoFar, ...missing] }
    } catch (error) {
      if (isTooLarge(error)) {
        const read = await readHalves(client, left, include, context)
        return { ...read, missing: [...refusedSoFar, ...read.missing] }
      }
      const { refused, rest } = withoutRefused(error, key, values)
      refusedSoFar.push(...refused)
      left = queryOf(key, rest)
    }
  }
}

/** Reads in halves if an answer exceeds the limits. */
async function readHalves(
  client: Pick<EmarketeerClient, 'readStates'>,
  query: StatesQuery,
  include: StatePart | undefined,
  context: CallContext | undefined,
): Promise<StatesRead> {
  const { key, values } = listOf(query)
  if (values.length === 1) {
    const [value] = values
    const [contactId, email] = key === 'contactIds' ? [value!, null] : [null, value!]
    context?.onUnreadable?.({ operation: statesRead.operation, path: TOO_LARGE, id: contactId })
    return { items: [], unreadable: [{ contactId, email, path: TOO_LARGE }], missing: [] }
  }
  const [half, rest] = halvesOf(values)
  const one = await readTaken(client, queryOf(key, half), include, context)
  const other = await readTaken(client, queryOf(key, rest), include, context)
  return {
    items: [...one.items, ...other.items],
    unreadable: [...one.unreadable, ...other.unreadable],
    missing: [...one.missing, ...other.missing],
  }
}

type Key = 'contactIds' | 'emails'

function listOf(query: StatesQuery): { readonly key: Key; readonly values: readonly string[] } {
  return 'contactIds' in query
    ? { key: 'contactIds', values: query.contactIds }
    : { key: 'emails', values: query.emails }
}

function queryOf(key: Key, values: readonly string[]): StatesQuery {
  return key === 'contactIds' ? { contactIds: values } : { emails: values }
}

/**
 * Reads a page of the walk over all contacts (EM-B3b), as long as the limits allow. A single contact that is too large
 * is `unreadable`. Its page is read again without subscriptions, because only a page states where the next one begins.
 * @throws UpstreamError
 */
export async function walkPage(
  client: Pick<EmarketeerClient, 'walkStates'>,
  cursor: string | null,
  pages: FittingPages,
  context: CallContext,
): Promise<StatesPage> {
  try {
    return await pages.read((limit) => client.walkStates({ cursor, limit }, context))
  } catch (error) {
    if (!isTooLarge(error)) {
      throw error
    }
    const half = await client.walkStates({ cursor, limit: 1, include: 'consents' }, context)
    const passedOver = half.items.map(({ contactId, email }) => ({
      contactId,
      email,
      path: TOO_LARGE,
    }))
    return { ...half, items: [], unreadable: [...half.unreadable, ...passedOver] }
  }
}
