import { z } from 'zod'
import type { CallContext } from '../../http/index.js'
import type { SuperOfficeClient } from './client.js'
import { normalizeKey } from './wire/keys.js'

const LISTS = {
  ConsentPurpose: 'ConsentPurposeId',
  LegalBase: 'LegalBaseId',
  ConsentSource: 'ConsentSourceId',
} as const

/** One of the three lists that consents refer to. */
export type ListName = keyof typeof LISTS

/** An entry: its id, its key as the installation spells it, and whether it was deleted. */
export interface ListItem {
  /** 0 where none was told: then it can be written by its key only. */
  readonly id: number
  readonly key: string
  readonly deleted: boolean
}

/** Entries by normalised key. */
export type ConsentList = ReadonlyMap<string, ListItem>

const answer = z.array(z.record(z.string(), z.unknown()))

/** Reads one list (docs/wire-superoffice.md, 4). @throws UpstreamError, AppError */
export async function readConsentList(
  client: SuperOfficeClient,
  name: ListName,
  context: CallContext,
): Promise<ConsentList> {
  const { body } = await client.json(
    {
      method: 'GET',
      path: `/List/${name}/Items`,
      operation: `GET /List/${name}/Items`,
      name: 'lists.read',
      effect: 'read',
    },
    answer,
    context,
  )
  const items = body.flatMap((raw): ListItem[] => {
    const { Key: key, Deleted: deleted, [LISTS[name]]: id } = raw
    return typeof key === 'string' && key.trim() !== ''
      ? [{ id: typeof id === 'number' ? id : 0, key, deleted: deleted === true }]
      : []
  })
  // An upgrade may have left `#STORE`, deleted, beside `STORE`: the one in use is meant.
  const inUseLast = [...items].sort((a, b) => Number(b.deleted) - Number(a.deleted))
  return new Map(inUseLast.map((item) => [normalizeKey(item.key), item]))
}

/** Lists change rarely (docs/wire-superoffice.md, 4). */
const HOLDS_MS = 4 * 3_600_000

/** The three lists of an installation, kept for hours. */
export class ConsentLists {
  readonly #kept = new Map<ListName, { readonly list: ConsentList; readonly readAtMs: number }>()

  constructor(private readonly client: SuperOfficeClient) {}

  /** A list as it was within the last hours. @throws UpstreamError, AppError */
  async list(name: ListName, context: CallContext): Promise<ConsentList> {
    const kept = this.#kept.get(name)
    if (kept !== undefined && Date.now() < kept.readAtMs + HOLDS_MS) {
      return kept.list
    }
    const list = await readConsentList(this.client, name, context)
    this.#kept.set(name, { list, readAtMs: Date.now() })
    return list
  }

  /** An entry by its key; null where there is none, or it was deleted. Looked for afresh before that is believed. */
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
