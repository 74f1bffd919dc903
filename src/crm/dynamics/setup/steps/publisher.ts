import type { CallContext } from '../../../../http/index.js'
import type { PlannedChange } from '../../../../contracts/setup.js'
import { PREFIX, PUBLISHER, SOLUTION } from '../../names.js'
import { findOrCreate } from '../../find-or-create.js'
import type { DataverseClient } from '../../client.js'
import { removePublisher, removeSolution } from '../table/remove-publisher.js'
import type { DynamicsStep } from '../step.js'
import { allRows } from '../../reading/pages.js'
import type { RawRow } from '../../reading/rows.js'
import { stringLiteral } from '../../wire/odata.js'

/**
 * Creates the publisher "eMarketeer", prefix `em`, and the solution for our components (docs/wire-dataverse.md, 9.1).
 */
export const publisherStep: DynamicsStep = {
  id: 'publisher',
  title: 'Create the publisher and the solution',
  weight: 5,
  forSubscriptions: true,
  async verify({ client }, context) {
    const changes: PlannedChange[] = []
    const publisherId = await findPublisher(client, context)
    if (publisherId === null) {
      changes.push({ what: `Create the publisher "eMarketeer" (${PUBLISHER}, prefix ${PREFIX})` })
    }
    const solutionId = await findSolution(client, context)
    if (solutionId === null) {
      changes.push({ what: `Create the solution "eMarketeer Sync" (${SOLUTION})` })
    }
    return changes.length === 0
      ? { state: 'done', facts: { publisherId, solutionId } }
      : { state: 'due', changes }
  },
  async do({ client }, context) {
    const publisher = await findOrCreate(
      client,
      {
        find: () => findPublisher(client, context),
        path: 'publishers',
        operation: 'POST /publishers',
        body: {
          uniquename: PUBLISHER,
          friendlyname: 'eMarketeer',
          customizationprefix: PREFIX,
          customizationoptionvalueprefix: 72700,
        },
      },
      context,
    )
    const solution = await findOrCreate(
      client,
      {
        find: () => findSolution(client, context),
        path: 'solutions',
        operation: 'POST /solutions',
        body: {
          uniquename: SOLUTION,
          friendlyname: 'eMarketeer Sync',
          version: '1.0.0.0',
          'publisherid@odata.bind': `/publishers(${publisher.found})`,
        },
      },
      context,
    )
    return { publisherId: publisher.found, solutionId: solution.found }
  },
  async undo({ client }, context) {
    if (await removeSolution(client, () => findSolution(client, context), context)) {
      await removePublisher(client, () => findPublisher(client, context), context)
    }
    return { publisherId: null, solutionId: null }
  },
}

async function findPublisher(client: DataverseClient, context: CallContext) {
  const row = await findByUniqueName(client, 'publishers', PUBLISHER, ['publisherid'], context)
  return idOf(row?.['publisherid'])
}

async function findSolution(client: DataverseClient, context: CallContext) {
  const row = await findByUniqueName(client, 'solutions', SOLUTION, ['solutionid'], context)
  return idOf(row?.['solutionid'])
}

function idOf(value: unknown): string | null {
  return typeof value === 'string' ? value.toLowerCase() : null
}

/** The row with this unique name; null if there is none. Only for names of our own. @throws UpstreamError */
async function findByUniqueName(
  client: DataverseClient,
  setName: 'publishers' | 'solutions',
  uniqueName: string,
  select: readonly string[],
  context: CallContext,
): Promise<RawRow | null> {
  const filter = `uniquename eq ${stringLiteral(uniqueName)}`
  const listing = { setName, select, filter, name: 'setup.look' }
  return (await allRows(client, listing, context))[0] ?? null
}
