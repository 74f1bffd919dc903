import { z } from 'zod'
import type { CallContext } from '../../../http/index.js'
import type { SuperOfficeClient } from '../client.js'
import type { ListName } from '../lists.js'
import { normalizeKey } from '../wire/keys.js'

const items = z.array(
  z.looseObject({
    Key: z.string().nullish(),
    Name: z.string().nullish(),
    Deleted: z.boolean().nullish(),
    Active: z.boolean().nullish(),
    MailTemplateId: z.int().nullish(),
  }),
)

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
  const { body } = await client.json(
    {
      method: 'GET',
      path: `/List/${list}/Items`,
      operation: `GET /List/${list}/Items`,
      name: 'lists.read',
      effect: 'read',
    },
    items,
    context,
  )
  return body
    .filter(({ Key }) => (Key ?? '').trim() !== '')
    .map(({ Key, Name, Deleted, Active, MailTemplateId }) => ({
      key: Key ?? '',
      name: Name ?? '',
      usable: Deleted !== true && Active !== false,
      mails: (MailTemplateId ?? 0) !== 0,
    }))
}

/** The usable entry of a key, however it is spelt. */
export function usableItem(list: readonly ShownItem[], key: string): ShownItem | null {
  return list.find((one) => one.usable && normalizeKey(one.key) === normalizeKey(key)) ?? null
}
