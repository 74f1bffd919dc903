import { SETUP_READ } from '../../../own-step.js'
import { type CallContext, ifAvailable } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import { FormShapeError } from '../form/xml-tree.js'
import { withoutOurs } from '../form/splice.js'
import { allRows, pagesFrom } from '../../reading/pages.js'
import type { RawRow } from '../../reading/rows.js'
import { queryString } from '../../wire/odata.js'
import type { SetupPause } from '../../../../contracts/setup.js'
import type { StepContext } from '../../../crm.js'

/** A form or view of contact with somebody's unpublished changes. */
export interface Draft {
  readonly kind: 'form' | 'view'
  readonly id: string
  readonly name: string
}

/** The kinds of components whose drafts can be found. Publishing a table publishes the drafts of all its components. */
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
 * Forms and views of contact with somebody's unpublished changes. A single form cannot be published: everything that is
 * pending on the same table is published with it (docs/wire-dataverse.md, 9.6). A draft that differs only by our own
 * parts is ours.
 *
 * @returns null if the service does not report drafts. @throws UpstreamError
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
  return ifAvailable(list())
}

async function draftsOf(client: DataverseClient, kind: Kind, context: CallContext) {
  const { setName, id, table, columns } = kind
  const query = { select: [id, ...columns], filter: `${table} eq 'contact'` }
  const published = await allRows(client, { setName, ...query, name: SETUP_READ }, context)
  const before = new Map(published.map((row) => [row[id], row]))
  const path = `${setName}/Microsoft.Dynamics.CRM.RetrieveUnpublishedMultiple()${queryString(query)}`
  const drafts: Draft[] = []
  for await (const page of pagesFrom(client, path, { setName, name: SETUP_READ }, context)) {
    for (const row of page.value) {
      if (isTheirs(kind, before.get(row[id]), row)) {
        drafts.push({ kind: kind.kind, id: String(row[id]), name: String(row['name']) })
      }
    }
  }
  return drafts
}

/** A component that was never published is theirs: we create no form, and a view of ours is live immediately. */
function isTheirs({ columns }: Kind, published: RawRow | undefined, draft: RawRow): boolean {
  const others = (row: RawRow | undefined, column: string) =>
    column === 'formxml' ? formOfOthers(row?.[column]) : (row?.[column] ?? null)
  return columns.some((column) => others(published, column) !== others(draft, column))
}

/** A form without our parts; unchanged if it is built in a way that we do not know. */
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
 * Pauses if publishing contact would publish somebody's unpublished work without asking (rule E2). Support may choose
 * `publishAll`, which holds for the step.
 *
 * @param choices what else may be chosen at this step.
 * @returns null if nothing of theirs is pending, or Support chose to publish it. @throws UpstreamError
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

/** Names the pending drafts, and what cannot be checked. */
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

/** The drafts as text for people. */
export function namesOf(drafts: readonly Draft[]): string {
  return drafts.map(({ kind, name }) => `the ${kind} "${name}"`).join(', ')
}
