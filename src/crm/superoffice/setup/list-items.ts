import type { CallContext } from '../../../http/index.js'
import type { SuperOfficeClient } from '../client.js'
import { type ListName, readListItems } from '../lists.js'
import { normalizeKey } from '../wire/keys.js'

/** An entry as Support is shown it. */
export interface ShownItem {
  /** As the installation spells it. */
  readonly key: string
  readonly name: string
  /** Neither deleted nor switched off. */
  readonly usable: boolean
  /** SuperOffice mails whoever gets a consent from this source. */
  readonly mails: boolean
}

/** A list afresh, with names, entries without a key left out (docs/wire-superoffice.md, 4). @throws UpstreamError */
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

/** The usable entry of a key, however it is spelt. */
export function usableItem(list: readonly ShownItem[], key: string): ShownItem | null {
  return list.find((one) => one.usable && normalizeKey(one.key) === normalizeKey(key)) ?? null
}
