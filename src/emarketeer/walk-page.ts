import { isTooLarge, type CallContext, type FittingPages } from '../http/index.js'
import type { EmarketeerClient } from './client.js'
import { TOO_LARGE, type StatesPage } from './states.js'

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
