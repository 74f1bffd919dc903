import { type CallContext, whereTold } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import { FormShapeError } from '../form/xml-tree.js'
import { withoutOurs } from '../form/splice.js'
import { allRows, pagesFrom } from '../../reading/pages.js'
import type { RawRow } from '../../reading/rows.js'
import { queryString } from '../../wire/odata.js'
import type { SetupPause } from '../../../../contracts/setup.js'
import type { StepContext } from '../../../crm.js'

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

/**
 * Whether publishing contact has to wait: somebody's unpublished work would go live with it, without a word (rule E2).
 * Support may decide so (`publishAll`), which stands for the step.
 *
 * @param choices what else can be chosen at this step.
 * @returns null: nothing of theirs waits, or it is to be published. @throws UpstreamError
 */
export async function holdForDrafts(
  client: DataverseClient,
  choices: readonly ('skip' | 'abort')[],
  context: StepContext,
): Promise<SetupPause | null> {
  if (context.choice?.action === 'publishAll') {
    return null
  }
  const drafts = await foreignDrafts(client, context)
  return drafts !== null && drafts.length === 0
    ? null
    : draftsPending(drafts, ['retry', 'publishAll', ...choices])
}

/** Names what waits, and says what cannot be seen. */
function draftsPending(drafts: readonly Draft[] | null, choices: readonly string[]): SetupPause {
  const waiting =
    drafts === null
      ? 'Dynamics does not report which forms and views of contact have unpublished changes.'
      : `Somebody has changes that are not published on ${namesOf(drafts)}.`
  return {
    code: 'draftPending',
    message: `${waiting} Publishing contact would publish all of them${UNSEEN}. Have them published or discarded, then retry; or decide that everything is published (publishAll).`,
    choices,
    seen: { drafts: drafts?.map(({ kind, id, name }) => ({ kind, id, name })) ?? null },
  }
}

const UNSEEN = ', and unpublished columns, labels, ribbons and charts, which we cannot see'

/** Drafts in words. */
export function namesOf(drafts: readonly Draft[]): string {
  return drafts.map(({ kind, name }) => `the ${kind} "${name}"`).join(', ')
}
