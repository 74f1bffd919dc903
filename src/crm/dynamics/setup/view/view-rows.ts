import { SETUP_READ } from '../../../own-step.js'
import { z } from 'zod'
import type { Json } from '../../../../contracts/setup.js'
import { answer, type CallContext, part, readRecords } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import { SUBSCRIPTIONS_TABLE, CATEGORIES_TABLE } from '../../names.js'
import { allRows } from '../../reading/pages.js'
import { isGuid, queryString, stringLiteral } from '../../wire/odata.js'
import { getIfThere } from '../metadata.js'

/**
 * Our view of the subscription rows: category and toggle (rules D1, D2; docs/wire-dataverse.md, 16.10). We choose its
 * id, so that creating it can safely be repeated.
 */
export const OWN_VIEW = {
  viewId: '6d1c5a0e-4e0b-4c53-9a54-3f3f8d1f7b10',
  name: 'eMarketeer subscriptions',
} as const

/** The column with the toggle; a view without it is useless. */
export const TOGGLE_COLUMN = 'em_subscribed'

const CATEGORY_COLUMN = 'em_category'

/** The view's FetchXML. Archived categories are hidden; a category that was never marked counts as not archived. */
export function viewFetchXml(primaryId: string, categoriesPrimaryId: string): string {
  const attributes = [primaryId, CATEGORY_COLUMN, TOGGLE_COLUMN].map(
    (name) => `<attribute name="${name}"/>`,
  )
  const notArchived =
    '<filter type="or"><condition attribute="em_archived" operator="ne" value="1"/><condition attribute="em_archived" operator="null"/></filter>'
  return `<fetch version="1.0" output-format="xml-platform" mapping="logical"><entity name="${SUBSCRIPTIONS_TABLE}">${attributes.join('')}<order attribute="em_name" descending="false"/><link-entity name="${CATEGORIES_TABLE}" from="${categoriesPrimaryId}" to="${CATEGORY_COLUMN}" link-type="inner" alias="category">${notArchived}</link-entity></entity></fetch>`
}

/** The view's layout XML. `objectTypeCode` differs per organisation. */
export function viewLayoutXml(objectTypeCode: number, primaryId: string): string {
  return `<grid name="resultset" object="${objectTypeCode}" jump="em_name" select="1" icon="1" preview="1"><row name="result" id="${primaryId}"><cell name="${CATEGORY_COLUMN}" width="200"/><cell name="${TOGGLE_COLUMN}" width="100"/></row></grid>`
}

const COLUMNS = [
  'savedqueryid',
  'name',
  'returnedtypecode',
  'querytype',
  'statecode',
  'iscustomizable',
  'fetchxml',
]

const viewRow = answer(
  { name: 'dynamics.view', operation: 'GET /savedqueries', lossUnit: 'record' },
  part({
    savedqueryid: z.guid().transform((id) => id.toLowerCase()),
    name: z.string().nullish().catch(null),
    returnedtypecode: z.string().nullish().catch(null),
    querytype: z.number().nullish().catch(null),
    statecode: z.number().nullish().catch(null),
    iscustomizable: part({ Value: z.boolean() }).nullish().catch(null),
    fetchxml: z.string().nullish().catch(null),
  }),
)

/** A view as the organisation has it (docs/wire-dataverse.md, 10.4). */
export type ViewRow = z.output<typeof viewRow.schema>

/** `querytype` of a public view, the only kind that a sub-grid may show (10.4). */
const PUBLIC_VIEW = 0

/** Reads a view by its id; null if there is none. @throws UpstreamError */
export async function readView(
  client: DataverseClient,
  viewId: string,
  context: CallContext,
): Promise<ViewRow | null> {
  if (!isGuid(viewId)) {
    return null
  }
  const path = `savedqueries(${viewId})${queryString({ select: COLUMNS })}`
  return getIfThere(client, path, viewRow, context)
}

/**
 * Finds our view by its id, or by its name if the service gave it another id; null if there is none. @throws
 * UpstreamError
 */
export async function findOwnView(
  client: DataverseClient,
  context: CallContext,
): Promise<ViewRow | null> {
  const byId = await readView(client, OWN_VIEW.viewId, context)
  if (byId !== null) {
    return byId
  }
  const rows = await viewsWhere(client, `name eq ${stringLiteral(OWN_VIEW.name)}`, context)
  return rows.find(isPublicOfOurs) ?? null
}

/** Whether the view is a public view of the subscription rows. */
export function isPublicOfOurs(view: ViewRow): boolean {
  return view.returnedtypecode === SUBSCRIPTIONS_TABLE && view.querytype === PUBLIC_VIEW
}

/** The public views of the subscription rows, as shown in a pause. @throws UpstreamError */
export async function viewsSeen(client: DataverseClient, context: CallContext): Promise<Json[]> {
  const filter = `returnedtypecode eq ${stringLiteral(SUBSCRIPTIONS_TABLE)}`
  const rows = await viewsWhere(client, filter, context)
  return rows.filter(isPublicOfOurs).map((view) => ({
    id: view.savedqueryid,
    name: view.name ?? null,
    active: isActive(view),
    customizable: isCustomizable(view),
  }))
}

/** Whether users can see the view. Without a state it counts as active, because views are created active. */
export function isActive(view: ViewRow): boolean {
  return (view.statecode ?? 0) === 0
}

/** Whether the view may be changed, so it is not locked by a managed solution. */
export function isCustomizable(view: ViewRow): boolean {
  return view.iscustomizable?.Value !== false
}

async function viewsWhere(client: DataverseClient, filter: string, context: CallContext) {
  const listing = { setName: 'savedqueries', select: COLUMNS, filter, name: SETUP_READ }
  return readRecords(viewRow, await allRows(client, listing, context), context)
}
