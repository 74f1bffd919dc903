import { z } from 'zod'
import { isStorableId } from '../../../domain/storable-text.js'
import { answer, entries, part } from '../../../http/index.js'
import { isGuid } from '../wire/odata.js'

/**
 * Rows as Dataverse returns them (docs/wire-dataverse.md, 6, 12, 16.4). Any column may be missing: if it was removed,
 * or by column-level security. Its value is then unknown, never a default. Null is a value.
 */
const flag = z.boolean().nullish().catch(null)
const text = z.string().nullish().catch(null)
const number = z.number().nullish().catch(null)

/** A row's version, in every row except deleted ones. */
export const ETAG = '@odata.etag'

/** The version is sent back in a header; one that cannot be counts as none. */
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

/** A subscription row. Its id, in the column of the table's primary key, is also set as `rowId`. */
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

/** A category row. Its id is also set as `rowId`, as in {@link subscriptionRow}. */
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

/** A row whose columns are judged where they are used. */
export const anyRow = answer(
  { name: 'dynamics.row', operation: 'GET /{set}', lossUnit: 'record' },
  z.record(z.string(), z.unknown()),
)

const links = { '@odata.nextLink': z.string().nullish(), '@odata.deltaLink': z.string().nullish() }

/** A page of rows, each parsed separately, so that an odd one affects only itself. */
export const rowPage = answer(
  { name: 'dynamics.rowPage', operation: 'GET /{set}', lossUnit: 'page' },
  part({ value: entries, ...links }),
)

/**
 * A page of a delta. "An empty JSON response is returned if no table changes have occurred" (Microsoft's page on change
 * tracking): it may lack rows and links, or be an empty list. A listing may not: an empty one would mean that everybody
 * was deleted.
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

/** A contact's address columns. The first one links and is mailed; at the others only a deny counts (B8). */
export const ADDRESS_COLUMNS = ['emailaddress1', 'emailaddress2', 'emailaddress3'] as const

/** Columns without which a contact's consent has no meaning: a row that lacks one is unreadable (rule B8). */
export const VITAL_COLUMNS = [...ADDRESS_COLUMNS, 'donotbulkemail', 'statecode'] as const

/** Columns read of a contact. Only `donotbulkemail` is ever written (rule B8). */
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

/** Whether a row has a column, possibly null: a missing or mistyped value is not an answer. */
export function isReadable(row: RawRow, column: keyof typeof TYPES): boolean {
  const [value, type] = [row[column], TYPES[column]]
  return value === null || (type === 'guid' ? isGuid(value) : typeof value === type)
}
