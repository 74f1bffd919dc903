import { CATEGORIES_TABLE, SUBSCRIPTIONS_TABLE } from '../../names.js'

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
