import { isTooLarge, type CallContext, type FittingPages } from '../http/index.js'
import type { EmarketeerClient } from './client.js'
import { TOO_LARGE, type StatesPage } from './states.js'

/**
 * A page of the walk over all contacts (B3b), as long as fits. A contact that is too large alone is `unreadable`: its page is
 * read once more without its subscriptions, as only a page tells where the next one begins.
 *
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
