import { z } from 'zod'
import {
  type Answer,
  answer,
  type CallContext,
  entries,
  part,
  readRecords,
} from '../../http/index.js'
import type { SuperOfficeClient } from './client.js'
import { normalizeKey } from './wire/keys.js'
import { toFlag, toNumber } from './wire/values.js'

/** One of the three lists that consents refer to. */
export type ListName = 'ConsentPurpose' | 'LegalBase' | 'ConsentSource'

/** An entry of a list. */
export interface ListItem {
  /** 0 if the answer has none: then it can be written only by its key. */
  readonly id: number
  /** As the installation spells it. */
  readonly key: string
  /** Empty if the answer has none. */
  readonly name: string
  readonly deleted: boolean
  /** False only if it is switched off, which only purposes can be. */
  readonly active: boolean
  /** SuperOffice sends a mail to everybody who gets a consent from this source. */
  readonly mails: boolean
}

/** Entries by normalised key. */
export type ConsentList = ReadonlyMap<string, ListItem>

/** Read by {@link toNumber} and {@link toFlag}; any other type counts as missing. */
const scalar = z.union([z.boolean(), z.number(), z.string()]).nullish().catch(null)
const entry = {
  Key: z.string().regex(/\S/),
  Name: z.string().nullish().catch(null),
  Deleted: scalar,
}

/** Entries of the lists (docs/wire-superoffice.md, 4.1 to 4.3). */
export const purposeEntry = part({ ...entry, ConsentPurposeId: scalar, Active: scalar })
/** See {@link purposeEntry}. */
export const basisEntry = part({ ...entry, LegalBaseId: scalar })
/** See {@link purposeEntry}. */
export const sourceEntry = part({ ...entry, ConsentSourceId: scalar, MailTemplateId: scalar })

const LISTS: Readonly<Record<ListName, Answer<z.ZodType<ListItem>>>> = {
  ConsentPurpose: listEntry(
    'ConsentPurpose',
    purposeEntry.transform((row) => ({
      ...toListItem(row, row.ConsentPurposeId),
      active: toFlag(row.Active) ?? true,
    })),
  ),
  LegalBase: listEntry(
    'LegalBase',
    basisEntry.transform((row) => toListItem(row, row.LegalBaseId)),
  ),
  ConsentSource: listEntry(
    'ConsentSource',
    sourceEntry.transform((row) => ({
      ...toListItem(row, row.ConsentSourceId),
      mails: (toNumber(row.MailTemplateId) ?? 0) !== 0,
    })),
  ),
}
const listItems = answer(
  { name: 'superoffice.listItems', operation: 'GET /List/{list}/Items', lossUnit: 'page' },
  entries,
)

function listEntry(name: ListName, schema: z.ZodType<ListItem>) {
  const operation = `GET /List/${name}/Items`
  return answer({ name: `superoffice.${name}`, operation, lossUnit: 'record' }, schema)
}

/**
 * Reads one list, in its order (docs/wire-superoffice.md, 4). Each entry is parsed separately: one without a key is
 * left out, and any other odd value counts as missing.
 * @throws UpstreamError, AppError
 */
export async function readListItems(
  client: SuperOfficeClient,
  name: ListName,
  context: CallContext,
): Promise<readonly ListItem[]> {
  const { body } = await client.json(
    {
      method: 'GET',
      path: `/List/${name}/Items`,
      operation: LISTS[name].operation,
      name: 'lists.read',
      effect: 'read',
    },
    listItems,
    context,
  )
  return readRecords(LISTS[name], body, context)
}

function toListItem(
  { Key, Name, Deleted }: Pick<z.output<typeof basisEntry>, keyof typeof entry>,
  id: unknown,
): ListItem {
  return {
    id: toNumber(id) ?? 0,
    key: Key,
    name: Name ?? '',
    deleted: toFlag(Deleted) ?? false,
    active: true,
    mails: false,
  }
}

function byKey(items: readonly ListItem[]): ConsentList {
  // An upgrade may leave a deleted `#STORE` beside `STORE`; the one in use wins.
  const inUseLast = [...items].sort((a, b) => Number(b.deleted) - Number(a.deleted))
  return new Map(inUseLast.map((item) => [normalizeKey(item.key), item]))
}

/** Lists change rarely (docs/wire-superoffice.md, 4). */
const HOLDS_MS = 4 * 3_600_000

/** The three lists of an installation, cached for hours. */
export class ConsentLists {
  readonly #kept = new Map<ListName, { readonly list: ConsentList; readonly readAtMs: number }>()

  constructor(private readonly client: SuperOfficeClient) {}

  /** A list, at most hours old. @throws UpstreamError, AppError */
  async list(name: ListName, context: CallContext): Promise<ConsentList> {
    const kept = this.#kept.get(name)
    if (kept !== undefined && Date.now() < kept.readAtMs + HOLDS_MS) {
      return kept.list
    }
    const list = byKey(await readListItems(this.client, name, context))
    this.#kept.set(name, { list, readAtMs: Date.now() })
    return list
  }

  /** An entry by its key; null if there is none, or it was deleted: only after the list was read again. */
  async item(name: ListName, key: string, context: CallContext): Promise<ListItem | null> {
    const wanted = normalizeKey(key)
    const usable = (list: ConsentList) => {
      const item = list.get(wanted)
      return item === undefined || item.deleted ? null : item
    }
    const known = usable(await this.list(name, context))
    if (known !== null) {
      return known
    }
    this.#kept.delete(name)
    return usable(await this.list(name, context))
  }
}
