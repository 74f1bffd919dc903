import type { CallContext } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import { FormShapeError } from '../form/form-shape-error.js'
import { withoutOurs } from '../form/splice.js'
import { allRows, pagesFrom } from '../../reading/pages.js'
import type { RawRow } from '../../reading/rows.js'
import { whereTold } from '../../../../http/index.js'
import { queryString } from '../../wire/odata.js'

/** A form or view of contact with somebody's changes that wait to be published. */
export interface Draft {
  readonly kind: 'form' | 'view'
  readonly id: string
  readonly name: string
}

/** Components of a table that have drafts which can be told: a table is published as a whole, with all of them. */
const KINDS = [
  {
    kind: 'form',
    setName: 'systemforms',
    id: 'formid',
    table: 'objecttypecode',
    columns: ['name', 'description', 'formactivationstate', 'formxml'],
  },
  {
    kind: 'view',
    setName: 'savedqueries',
    id: 'savedqueryid',
    table: 'returnedtypecode',
    columns: ['name', 'description', 'fetchxml', 'layoutxml'],
  },
] as const

type Kind = (typeof KINDS)[number]

/**
 * Forms and views of contact that somebody changed and did not publish. There is no publishing of a single form: what
 * waits on the same table goes along (docs/wire-dataverse.md, 9.6). A draft that differs by our own parts alone is ours.
 *
 * @returns null where the service does not tell. @throws UpstreamError
 */
export function foreignDrafts(
  client: DataverseClient,
  context: CallContext,
): Promise<readonly Draft[] | null> {
  const list = async () => {
    const drafts: Draft[] = []
    for (const kind of KINDS) {
      drafts.push(...(await draftsOf(client, kind, context)))
    }
    return drafts
  }
  return whereTold(list())
}

async function draftsOf(client: DataverseClient, kind: Kind, context: CallContext) {
  const { setName, id, table, columns } = kind
  const query = { select: [id, ...columns], filter: `${table} eq 'contact'` }
  const published = await allRows(client, { setName, ...query, name: 'setup.look' }, context)
  const before = new Map(published.map((row) => [row[id], row]))
  const path = `${setName}/Microsoft.Dynamics.CRM.RetrieveUnpublishedMultiple()${queryString(query)}`
  const drafts: Draft[] = []
  for await (const page of pagesFrom(client, path, { setName, name: 'setup.look' }, context)) {
    for (const row of page.value) {
      if (isTheirs(kind, before.get(row[id]), row)) {
        drafts.push({ kind: kind.kind, id: String(row[id]), name: String(row['name']) })
      }
    }
  }
  return drafts
}

/** What was never published is theirs: we make no form, and a view of ours is live at once. */
function isTheirs({ columns }: Kind, published: RawRow | undefined, draft: RawRow): boolean {
  const others = (row: RawRow | undefined, column: string) =>
    column === 'formxml' ? formOfOthers(row?.[column]) : (row?.[column] ?? null)
  return columns.some((column) => others(published, column) !== others(draft, column))
}

/** A form without our parts; one that is built in another way, as it is. */
function formOfOthers(xml: unknown): unknown {
  try {
    return typeof xml === 'string' ? withoutOurs(xml) : null
  } catch (error) {
    if (error instanceof FormShapeError) {
      return xml
    }
    throw error
  }
}
