import { type CallContext, UpstreamError } from '../../../../http/index.js'
import { SetupPaused, type StepVerdict } from '../../../crm.js'
import type { SuperOfficeClient } from '../../client.js'
import { DEFAULT_SOURCE_KEY } from '../../facts.js'
import { isOwnException } from '../../wire/describe-error.js'
import { normalizeKey } from '../../wire/keys.js'
import { type ShownItem, shownItems, usableItem } from '../list-items.js'
import { privilegeMissing } from '../pauses.js'
import type { SuperOfficeStep } from '../step.js'

/** Keys are unique, and those of deleted entries stay taken. If somebody deleted our entry, the next key is used. */
const KEYS = [DEFAULT_SOURCE_KEY, `${DEFAULT_SOURCE_KEY}2`, `${DEFAULT_SOURCE_KEY}3`]

/**
 * Creates our own consent source, so that everybody sees in SuperOffice what came from eMarketeer
 * (docs/wire-superoffice.md, 4.3). It is never removed: the rows that refer to it are evidence, and SuperOffice does
 * not document what happens to them.
 */
export const sourceStep: SuperOfficeStep = {
  id: 'source',
  title: 'Create the consent source "eMarketeer"',
  weight: 2,
  async verify({ client }, context): Promise<StepVerdict> {
    const source = await findSource(client, context)
    if (source === null) {
      const what = `Create the consent source "eMarketeer" (${DEFAULT_SOURCE_KEY}) in SuperOffice`
      return { state: 'due', changes: [{ what }] }
    }
    const facts = { sourceKey: source.key }
    return source.mails
      ? {
          state: 'done',
          facts,
          note:
            `The source ${source.key} has a mail template: SuperOffice mails everybody whose consent we write. Take ` +
            'it away in Settings and maintenance, unless that is meant.',
        }
      : { state: 'done', facts }
  },
  async do({ client }, context) {
    for (const key of KEYS) {
      const source =
        (await findSource(client, context)) ?? (await createSource(client, key, context))
      if (source !== null) {
        return { sourceKey: source.key }
      }
    }
    throw new SetupPaused(privilegeMissing(['add a consent source to the list'], { tried: KEYS }))
  },
  undo: () => Promise.resolve({}),
}

async function findSource(
  client: SuperOfficeClient,
  context: CallContext,
): Promise<ShownItem | null> {
  const sources = await shownItems(client, 'ConsentSource', context)
  return KEYS.map((key) => usableItem(sources, key)).find((one) => one !== null) ?? null
}

/**
 * Creates the source, then reads the list, even after a refusal or a lost answer, because this attempt or an earlier
 * one may have created it.
 *
 * It is not documented with which status a taken key is refused. After an exception with status 500 the request is
 * repeated once, and a second such exception counts as a refusal.
 * @returns null if the key is taken by an entry that cannot be used. @throws UpstreamError
 */
async function createSource(
  client: SuperOfficeClient,
  key: string,
  context: CallContext,
  isAgain = false,
): Promise<ShownItem | null> {
  let failure: UpstreamError | null = null
  try {
    await client.text(
      {
        method: 'POST',
        path: '/List/ConsentSource/Items',
        operation: 'POST /List/ConsentSource/Items',
        name: 'setup.create',
        effect: 'write',
        json: { Name: 'eMarketeer', Key: key, Tooltip: '', Rank: 10 },
      },
      context,
    )
  } catch (error) {
    const isRefused = error instanceof UpstreamError && isTaken(error)
    if (!isRefused && !(error instanceof UpstreamError && error.mayHaveBeenApplied)) {
      throw error
    }
    failure = error
  }
  const found = await findSource(client, context)
  if (found === null && failure !== null && !isTaken(failure)) {
    if (!isOwnException(failure)) {
      throw failure
    }
    return isAgain ? null : createSource(client, key, context, true)
  }
  return found !== null && normalizeKey(found.key) === normalizeKey(key) ? found : null
}

function isTaken({ code }: UpstreamError): boolean {
  return code === 'upstream_refused' || code === 'upstream_conflict'
}
