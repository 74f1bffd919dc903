import type { CallContext } from '../../../http/index.js'
import type { SuperOfficeClient } from '../client.js'
import { type ListName, readListItems } from '../lists.js'
import { normalizeKey } from '../wire/keys.js'

/** A list entry as shown to Support. */
export interface ShownItem {
  /** As the installation spells it. */
  readonly key: string
  readonly name: string
  /** Neither deleted nor deactivated. */
  readonly usable: boolean
  /** SuperOffice sends a mail to everybody who gets a consent with this source. */
  readonly mails: boolean
}

/**
 * Reads a list, uncached, with names. Entries without a key are left out (docs/wire-superoffice.md, 4). @throws
 * UpstreamError
 */
export async function shownItems(
  client: SuperOfficeClient,
  list: ListName,
  context: CallContext,
): Promise<readonly ShownItem[]> {
  const items = await readListItems(client, list, context)
  return items.map(({ key, name, deleted, active, mails }) => ({
    key,
    name,
    usable: !deleted && active,
    mails,
  }))
}

/** The usable entry with this key, regardless of spelling; null if there is none. */
export function usableItem(list: readonly ShownItem[], key: string): ShownItem | null {
  return list.find((one) => one.usable && normalizeKey(one.key) === normalizeKey(key)) ?? null
}
