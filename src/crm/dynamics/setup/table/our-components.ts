import { SETUP_READ } from '../../../own-step.js'
import type { CallContext } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import type { TableFacts } from '../../facts.js'
import { SOLUTION } from '../../names.js'
import { allRows } from '../../reading/pages.js'
import { ifAvailable } from '../../../../http/index.js'
import { stringLiteral } from '../../wire/odata.js'

/** `rootcomponentbehavior` of a table that is in a solution with all its parts; 1 and 2 are entries without them. */
const WITH_ALL_PARTS = 0

/** A component of our solution: its type (1 table, 2 column, 10 relationship, 14 key …) and its id in lower case. */
export interface SolutionComponent {
  readonly type: number
  readonly id: string
  /** False: the entry exists only for a part of it, such as our column on a table of the customer's. */
  readonly whole: boolean
}

/**
 * The components in our solution. Each component that we create is added in the same request, so that this
 * distinguishes ours from those that the customer had before under the same name.
 *
 * @returns null if there is no such solution, or the service does not report its components. @throws UpstreamError
 */
export async function ourComponents(
  client: DataverseClient,
  context: CallContext,
): Promise<readonly SolutionComponent[] | null> {
  const solutions = await allRows(
    client,
    {
      setName: 'solutions',
      select: ['solutionid'],
      filter: `uniquename eq ${stringLiteral(SOLUTION)}`,
      name: SETUP_READ,
    },
    context,
  )
  const solutionId = solutions[0]?.['solutionid']
  if (typeof solutionId !== 'string') {
    return null
  }
  const rows = await componentRows(client, solutionId, context)
  if (rows === null) {
    return null
  }
  return rows.map((row) => ({
    type: Number(row['componenttype']),
    id: String(row['objectid']).toLowerCase(),
    whole: (row['rootcomponentbehavior'] ?? WITH_ALL_PARTS) === WITH_ALL_PARTS,
  }))
}

/** Null if the components may not or cannot be read: set-up continues, and removal uses the stored facts. */
function componentRows(client: DataverseClient, solutionId: string, context: CallContext) {
  const listing = {
    setName: 'solutioncomponents',
    select: ['objectid', 'componenttype', 'rootcomponentbehavior'],
    filter: `_solutionid_value eq ${solutionId}`,
    name: SETUP_READ,
  }
  return ifAvailable(allRows(client, listing, context))
}

/** The ids of those {@link ourComponents} that are entirely ours; empty without a solution. @throws UpstreamError */
export async function ourComponentIds(
  client: DataverseClient,
  context: CallContext,
): Promise<ReadonlySet<string>> {
  const components = (await ourComponents(client, context)) ?? []
  return new Set(components.filter(({ whole }) => whole).map(({ id }) => id))
}

/**
 * Whether a part of one of our tables (a key, a lookup) is ours and has to be removed separately, because it was added
 * to a table that the customer had before. A part of a table of ours is deleted with the table (docs/wire-dataverse.md,
 * 16.14), so that its rows can be read until then.
 *
 * @throws UpstreamError
 */
export async function isOursAlone(
  client: DataverseClient,
  componentId: string,
  table: TableFacts | null,
  context: CallContext,
): Promise<boolean> {
  const ours = await ourComponentIds(client, context)
  const tableId = table?.metadataId.toLowerCase()
  const withTable = table?.ours === true || (tableId !== undefined && ours.has(tableId))
  return !withTable && ours.has(componentId)
}
