import type { CallContext } from '../../../http/index.js'
import { UpstreamError } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { allRows, pagesFrom } from '../reading/pages.js'
import type { RawRow } from '../reading/rows.js'
import { queryString } from '../wire/odata.js'

/** Components of a table that have drafts: a table is published as a whole, with all of them. */
const KINDS = [
  { kind: 'form', setName: 'systemforms', id: 'formid', table: 'objecttypecode', xml: ['formxml'] },
  {
    kind: 'view',
    setName: 'savedqueries',
    id: 'savedqueryid',
    table: 'returnedtypecode',
    xml: ['fetchxml', 'layoutxml'],
  },
] as const

/**
 * Names of other forms and views of contact with unpublished changes. There is no publishing of a single form: what
 * waits on the same table goes along (docs/wire-dataverse.md, 9.6), so it is said beforehand.
 *
 * @returns null where the service does not tell. @throws UpstreamError
 */
export async function otherDrafts(
  client: DataverseClient,
  exceptFormId: string | null,
  context: CallContext,
): Promise<readonly string[] | null> {
  const names: string[] = []
  try {
    for (const { kind, setName, id, table, xml } of KINDS) {
      const query = { select: [id, 'name', ...xml], filter: `${table} eq 'contact'` }
      const published = await allRows(client, { setName, ...query, name: 'setup.look' }, context)
      const before = new Map(published.map((row) => [row[id], row]))
      const path = `${setName}/Microsoft.Dynamics.CRM.RetrieveUnpublishedMultiple()${queryString(query)}`
      for await (const page of pagesFrom(client, path, { setName, name: 'setup.look' }, context)) {
        const drafts = page.value.filter(
          (row) => row[id] !== exceptFormId && differs(before.get(row[id]), row, ['name', ...xml]),
        )
        names.push(...drafts.map((row) => `${kind} "${String(row['name'])}"`))
      }
    }
  } catch (error) {
    if (error instanceof UpstreamError && !error.retryable && error.status !== 401) {
      return null
    }
    throw error
  }
  return names
}

function differs(published: RawRow | undefined, draft: RawRow, columns: readonly string[]) {
  return columns.some((column) => published?.[column] !== draft[column])
}
