import type { CallContext } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { allRows } from '../reading/pages.js'
import type { RawRow } from '../reading/rows.js'
import { stringLiteral } from '../wire/odata.js'

/** A row of a set whose unique name this is; null where there is none. Only for names of our own. @throws UpstreamError */
export async function findByUniqueName(
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
