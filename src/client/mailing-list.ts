import type { MailingListEntry } from '../contracts/pre-send.js'
import type { GatewayCalls } from './gateway-calls.js'
import { GatewayError } from './gateway-error.js'

interface Page {
  readonly entries: readonly MailingListEntry[]
  readonly nextCursor: string | null
}

/** Reads a list page by page, the next one only when it is asked for: it is checked at that moment (rule G3). */
export async function* readMailingList(
  gateway: GatewayCalls,
  { sendoutId, accountId }: { readonly sendoutId: string; readonly accountId: string },
  signal?: AbortSignal,
): AsyncGenerator<MailingListEntry> {
  const path = `/api/v1/sendouts/${encodeURIComponent(sendoutId)}/mailing-list`
  let cursor: string | null = null
  do {
    const query = new URLSearchParams({
      accountId,
      ...(cursor === null ? {} : { cursor }),
    })
    const page = asPage(await gateway.get(`${path}?${query}`, signal))
    if (page.nextCursor !== null && page.nextCursor === cursor) {
      throw new GatewayError('The gateway gave the same page twice.', false, 200)
    }
    yield* page.entries
    cursor = page.nextCursor
  } while (cursor !== null)
}

/** A cut-off or foreign answer must not read as the end of the list. */
function asPage(document: unknown): Page {
  const { entries, nextCursor } = document as Partial<Page>
  if (!Array.isArray(entries) || (nextCursor !== null && typeof nextCursor !== 'string')) {
    throw new GatewayError('The gateway answered with something that is no page.', false, 200)
  }
  return { entries, nextCursor }
}
