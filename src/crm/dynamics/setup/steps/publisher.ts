import { SETUP_READ } from '../../../own-step.js'
import { type CallContext, answer, part, UpstreamError } from '../../../../http/index.js'
import type { PlannedChange } from '../../../../contracts/setup.js'
import { PREFIX, PUBLISHER, SOLUTION } from '../../names.js'
import { findOrCreate } from '../../find-or-create.js'
import type { DataverseClient } from '../../client.js'
import type { DynamicsStep } from '../step.js'
import { allRows } from '../../reading/pages.js'
import type { RawRow } from '../../reading/rows.js'
import { stringLiteral } from '../../wire/odata.js'
import { z } from 'zod'
import { getIfThere, removeIfThere } from '../metadata.js'
import { ourComponents } from '../table/our-components.js'

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
  const listing = { setName, select, filter, name: SETUP_READ }
  return (await allRows(client, listing, context))[0] ?? null
}

/** Component types of a form and of a table. */
const FORM = 60
const TABLE = 1

const definition = answer(
  { name: 'dynamics.contactTable', operation: 'GET /EntityDefinitions', lossUnit: 'call' },
  part({ MetadataId: z.guid() }),
)

/**
 * Deletes the solution if it contains only entries of the customer's tables and forms that we changed; deleting it
 * leaves those in place. If it contains anything else, it stays.
 * @returns whether it was removed or is absent. @throws UpstreamError
 */
async function removeSolution(
  client: DataverseClient,
  find: () => Promise<string | null>,
  context: CallContext,
): Promise<boolean> {
  const id = await find()
  if (id === null) {
    return true
  }
  const components = (await ourComponents(client, context)) ?? []
  const contact = await getIfThere(
    client,
    `EntityDefinitions(LogicalName='contact')?$select=MetadataId`,
    definition,
    context,
  )
  const contactId = contact?.MetadataId.toLowerCase()
  const others = components.filter(
    (one) => one.type !== FORM && one.whole && !(one.type === TABLE && one.id === contactId),
  )
  if (others.length > 0) {
    return false
  }
  await remove(client, `solutions(${id})`, 'DELETE /solutions', find, context)
  return true
}

/**
 * Deletes the publisher. If the customer's own solutions use it, Dataverse refuses, and it stays. @throws UpstreamError
 */
async function removePublisher(
  client: DataverseClient,
  find: () => Promise<string | null>,
  context: CallContext,
): Promise<void> {
  const id = await find()
  if (id === null) {
    return
  }
  try {
    await remove(client, `publishers(${id})`, 'DELETE /publishers', find, context)
  } catch (error) {
    if (!(error instanceof UpstreamError) || error.code !== 'upstream_refused') {
      throw error
    }
  }
}

function remove(
  client: DataverseClient,
  path: string,
  operation: string,
  find: () => Promise<string | null>,
  context: CallContext,
): Promise<void> {
  const removable = { find: async () => (await find()) !== null, path, operation }
  return removeIfThere(client, removable, context)
}
