import type { CallContext } from '../../../http/index.js'
import { MAX_PARALLEL_CALLS } from '../http-clients.js'
import { chunksOf, inParallel } from '../in-parallel.js'
import type { ArchiveRow } from '../wire/values.js'
import { type Archive, QueryTooLong } from './archive.js'
import { type Listing, wholeGroups } from './whole-groups.js'

/**
 * Lists the rows of given values, in as many pieces as the server needs: large ones by POST, on older servers small ones
 * that are halved when refused as too long (docs/wire-superoffice.md, 6.3).
 *
 * @param listingOf the listing of one piece. @throws UpstreamError, AppError
 */
export async function listIn<V>(
  archive: Archive,
  values: readonly V[],
  listingOf: (piece: readonly V[]) => Listing,
  context: CallContext,
): Promise<readonly ArchiveRow[]> {
  const pieces = chunksOf(values, archive.maxValues)
  const lists = await inParallel(pieces, MAX_PARALLEL_CALLS, (piece) =>
    listPiece(archive, piece, listingOf, context),
  )
  return lists.flat()
}

/** Lists everything that a short condition finds, page by page. @throws UpstreamError, AppError */
export async function* listAll(
  archive: Archive,
  listing: Omit<Listing, 'end' | 'provider'>,
  context: CallContext,
): AsyncGenerator<readonly ArchiveRow[]> {
  try {
    yield* wholeGroups(archive, { ...listing, provider: 'dynamic', end: 'emptyPage' }, context)
  } catch (error) {
    throw error instanceof QueryTooLong ? error.cause : error
  }
}

async function listPiece<V>(
  archive: Archive,
  piece: readonly V[],
  listingOf: (piece: readonly V[]) => Listing,
  context: CallContext,
): Promise<readonly ArchiveRow[]> {
  const rows: ArchiveRow[] = []
  try {
    for await (const page of wholeGroups(archive, listingOf(piece), context)) {
      rows.push(...page)
    }
    return rows
  } catch (error) {
    if (!(error instanceof QueryTooLong)) {
      throw error
    }
    const size = archive.tooMany(piece.length)
    if (size === null) {
      throw error.cause
    }
    const smaller: ArchiveRow[] = []
    for (const part of chunksOf(piece, size)) {
      smaller.push(...(await listPiece(archive, part, listingOf, context)))
    }
    return smaller
  }
}
