import { type CallContext, UpstreamError } from '../../../http/index.js'
import { isOwnException } from '../wire/describe-error.js'
import type { Archive } from './archive.js'
import type { ArchiveQuery } from './archive-query.js'

/**
 * Whether SuperOffice refuses this very query, for a column or an operator that it lacks, so that another way may be
 * tried. A 400 says so. The status is not documented: an exception with 500 counts if the same query fails again while
 * a plain one of the same table is answered.
 * @param error of the query. @throws nothing: a doubtful case is false, and the caller throws `error`.
 */
export async function isQueryRefused(
  archive: Archive,
  query: ArchiveQuery,
  error: unknown,
  context: CallContext,
): Promise<boolean> {
  if (!(error instanceof UpstreamError)) {
    return false
  }
  if (!isOwnException(error)) {
    return error.status === 400
  }
  const { orderBy: key } = query
  const failureOf = (asked: ArchiveQuery): Promise<unknown> =>
    archive.page({ ...asked, top: 1 }, context).then(
      () => null,
      (failure: unknown) => failure,
    )
  const again = await failureOf(query)
  const plain = await failureOf({ ...query, select: [key], mayLack: [], filter: `${key} gt 0` })
  return plain === null && again instanceof UpstreamError && isOwnException(again)
}
