import { PUBLISHER, SOLUTION } from '../names.js'
import { type Creatable, findOrCreate } from '../find-or-create.js'
import { allRows } from '../reading/pages.js'
import { stringLiteral } from '../wire/odata.js'
import type { DynamicsSession } from '../session.js'
import type { CallContext } from '../../../http/index.js'
import type { DynamicsStep } from './setup-step.js'

/** Publisher "eMarketeer", prefix `em`, and the solution that holds what we make (docs/wire-dataverse.md, 9.1). */
export const publisherStep: DynamicsStep = {
  id: 'publisher',
  title: 'Create the publisher and the solution',
  weight: 1,
  async run(session, context) {
    const publisherId = await ensure(session, context, {
      setName: 'publishers',
      primaryId: 'publisherid',
      uniqueName: PUBLISHER,
      body: {
        uniquename: PUBLISHER,
        friendlyname: 'eMarketeer',
        customizationprefix: 'em',
        customizationoptionvalueprefix: 72700,
      },
    })
    const solutionId = await ensure(session, context, {
      setName: 'solutions',
      primaryId: 'solutionid',
      uniqueName: SOLUTION,
      body: {
        uniquename: SOLUTION,
        friendlyname: 'eMarketeer Sync',
        version: '1.0.0.0',
        'publisherid@odata.bind': `/publishers(${publisherId})`,
      },
    })
    return { publisherId, solutionId }
  },
}

async function ensure(
  { client }: DynamicsSession,
  context: CallContext,
  wanted: {
    setName: string
    primaryId: string
    uniqueName: string
    body: Creatable<string>['body']
  },
): Promise<string> {
  const { setName, primaryId, uniqueName, body } = wanted
  const find = async () => {
    const filter = `uniquename eq ${stringLiteral(uniqueName)}`
    const listing = { setName, select: [primaryId], filter, name: 'setup.look' }
    const id = (await allRows(client, listing, context))[0]?.[primaryId]
    return typeof id === 'string' ? id.toLowerCase() : null
  }
  const operation = `POST /${setName}`
  return (await findOrCreate(client, { find, path: setName, body, operation }, context)).found
}
