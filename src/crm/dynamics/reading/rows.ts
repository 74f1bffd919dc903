import { z } from 'zod'
import { isStorableId } from '../../../domain/storable-text.js'
import { answer, entries, part } from '../../../http/index.js'
import { isGuid } from '../wire/odata.js'

/**
 * Rows as Dataverse answers them (docs/wire-dataverse.md, 6, 12, 16.4). Every column may be missing: a removed column or
 * column-level security leaves it out, and then its value is unknown, never a default. Null is a value.
 */
const flag = z.boolean().nullish().catch(null)
const text = z.string().nullish().catch(null)
const number = z.number().nullish().catch(null)

/** A row's version: present in every row but the deleted ones. */
export const ETAG = '@odata.etag'

/** What goes back in a header; a row whose version could not is one without a version. */
const etag = z
  .string()
  .regex(/^[\x20-\x7e]{1,200}$/)
  .optional()
  .catch(undefined)

/** A contact. */
export const contactRow = answer(
  { name: 'dynamics.contact', operation: 'GET /contacts', lossUnit: 'record' },
  part({
    [ETAG]: etag,
    contactid: z.guid(),
    emailaddress1: text,
    emailaddress2: text,
    emailaddress3: text,
    donotbulkemail: flag,
    statecode: number,
    merged: flag,
    _masterid_value: text,
    createdon: text,
    modifiedon: text,
  }),
)

/** A subscription row. Its own id has the table's primary key's name, and is put here as `rowId`. */
export const subscriptionRow = answer(
  { name: 'dynamics.subscription', operation: 'GET /{subscriptions}', lossUnit: 'record' },
  part({
    [ETAG]: etag,
    rowId: z
      .string()
      .refine(isStorableId)
      .transform((id) => id.toLowerCase()),
    em_subscribed: flag,
    _em_contact_value: text,
    _em_category_value: text,
    em_rowkey: text,
    statecode: number,
  }),
)

/** A category row. Its own id is put here as `rowId`, as with {@link subscriptionRow}. */
export const categoryRow = answer(
  { name: 'dynamics.category', operation: 'GET /{categories}', lossUnit: 'record' },
  part({
    [ETAG]: etag,
    rowId: z.guid().transform((id) => id.toLowerCase()),
    em_categoryid: z.string().nullable(),
    em_name: text,
    em_archived: flag,
  }),
)

/** A row of which each column is judged where it is used. */
export const anyRow = answer(
  { name: 'dynamics.row', operation: 'GET /{set}', lossUnit: 'record' },
  z.record(z.string(), z.unknown()),
)

const links = { '@odata.nextLink': z.string().nullish(), '@odata.deltaLink': z.string().nullish() }

/** One page of rows, which are read one by one, so that a single odd one is not everybody's trouble. */
export const rowPage = answer(
  { name: 'dynamics.rowPage', operation: 'GET /{set}', lossUnit: 'page' },
  part({ value: entries, ...links }),
)

/**
 * A page of a delta. "An empty JSON response is returned if no table changes have occurred" (Microsoft's page on change
 * tracking): it may have no rows, no links, or be an empty list. Not so a listing: nothing there would be everybody gone.
 */
export const deltaPage = answer(
  { name: 'dynamics.deltaPage', operation: 'GET /{set}', lossUnit: 'page' },
  z.preprocess(
    (body) => (Array.isArray(body) && body.length === 0 ? {} : body),
    part({ value: entries.nullish().transform((rows) => rows ?? []), ...links }),
  ),
)

/** One row as parsed JSON. */
export type RawRow = Readonly<Record<string, unknown>>

/** One page of rows, parsed; each row is an object. */
export interface RowPage extends z.output<typeof rowPage.schema> {
  readonly value: RawRow[]
}

/** Where a contact has addresses. The first links and is mailed; at the others a deny counts, and nothing else (B8). */
export const ADDRESS_COLUMNS = ['emailaddress1', 'emailaddress2', 'emailaddress3'] as const

/**
 * Columns without which a contact's consent means nothing: a row of which one is not told is unreadable (rule B8).
 */
export const VITAL_COLUMNS = [...ADDRESS_COLUMNS, 'donotbulkemail', 'statecode'] as const

/** Columns read of a contact. `donotbulkemail` is the only one that is ever written (rule B8). */
export const CONTACT_COLUMNS = [
  'contactid',
  ...ADDRESS_COLUMNS,
  'donotbulkemail',
  'statecode',
  'merged',
  '_masterid_value',
  'createdon',
] as const

/** Columns read of a subscription row. */
export const SUBSCRIPTION_COLUMNS = [
  'em_subscribed',
  '_em_contact_value',
  '_em_category_value',
  'em_rowkey',
  'statecode',
] as const

const TYPES = {
  emailaddress1: 'string',
  emailaddress2: 'string',
  emailaddress3: 'string',
  donotbulkemail: 'boolean',
  statecode: 'number',
  em_subscribed: 'boolean',
  _em_contact_value: 'guid',
  _em_category_value: 'guid',
  em_rowkey: 'string',
} as const

/** Whether a row tells a column, be it as null: what is left out, or of another type, is no answer. */
export function isReadable(row: RawRow, column: keyof typeof TYPES): boolean {
  const [value, type] = [row[column], TYPES[column]]
  return value === null || (type === 'guid' ? isGuid(value) : typeof value === type)
}
