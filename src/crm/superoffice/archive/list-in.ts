import { chunksOf, evenChunksOf, halvesOf } from '../../../domain/lists.js'
import { type CallContext, inParallel } from '../../../http/index.js'
import { MAX_PARALLEL_CALLS } from '../http-clients.js'
import type { ArchiveRow } from '../wire/values.js'
import { type Archive, QueryTooLong } from './archive.js'
import type { ValueKind } from './piece-size.js'
import { type Listing, wholeGroups } from './whole-groups.js'

/** A listing of rows by values of a column, in pieces. */
export interface ListingIn<V extends string | number> {
  readonly values: readonly V[]
  /** Usual number of rows per value. */
  readonly rowsPerValue: number
  /** The listing of one piece. */
  readonly of: (piece: readonly V[]) => Listing
}

/**
 * Lists the rows of given values in as many pieces as the server needs: large ones by POST; on older servers small
 * ones, halved if refused as too long (docs/wire-superoffice.md, 6).
 * @throws UpstreamError, AppError
 */
export async function listIn<V extends string | number>(
  archive: Archive,
  listing: ListingIn<V>,
  context: CallContext,
): Promise<readonly ArchiveRow[]> {
  const { values } = listing
  const pieces = evenChunksOf(values, mostOf(archive, listing))
  const lists = await inParallel(pieces, MAX_PARALLEL_CALLS, (piece) =>
    listPiece(archive, { ...listing, values: piece }, context),
  )
  return lists.flat()
}

/** Rows of given values, and the values that may have more rows. */
export interface KnownRows<V> {
  readonly rows: readonly ArchiveRow[]
  readonly unknown: ReadonlySet<V>
}

/** Most splits of one reading: enough for two odd rows among a thousand values. */
const MOST_SPLITS = 24

/**
 * As {@link listIn}, for rows that may not name their owner. Such a row may belong to any requested value, so the
 * values are requested in halves until one is left. If such rows are many, the remaining values are `unknown`.
 * @param isNobodys takes a row and the requested values.
 * @throws UpstreamError, AppError
 */
export async function listKnowing<V extends string | number>(
  archive: Archive,
  listing: ListingIn<V>,
  isNobodys: (row: ArchiveRow, asked: ReadonlySet<V>) => boolean,
  context: CallContext,
): Promise<KnownRows<V>> {
  const known: ArchiveRow[] = []
  const unknown = new Set<V>()
  let splits = 0
  // Widest first: few odd rows then leave few values unknown when no splits remain.
  const waiting: (readonly V[])[] = [listing.values]
  for (const values of waiting) {
    const asked = new Set(values)
    const rows = await listIn(archive, { ...listing, values }, context)
    const own = rows.filter((row) => !isNobodys(row, asked))
    if (own.length === rows.length) {
      known.push(...rows)
    } else if (values.length === 1 || splits === MOST_SPLITS) {
      known.push(...own)
      values.forEach((value) => unknown.add(value))
    } else {
      splits += 1
      waiting.push(...halvesOf(values))
    }
  }
  return { rows: known, unknown }
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

async function listPiece<V extends string | number>(
  archive: Archive,
  listing: ListingIn<V>,
  context: CallContext,
): Promise<readonly ArchiveRow[]> {
  const { values } = listing
  const most = mostOf(archive, listing)
  if (values.length > most) {
    // Another piece was refused meanwhile.
    return listParts(archive, listing, most, context)
  }
  const rows: ArchiveRow[] = []
  try {
    for await (const page of wholeGroups(archive, listing.of(values), context)) {
      rows.push(...page)
    }
    return rows
  } catch (error) {
    if (!(error instanceof QueryTooLong)) {
      throw error
    }
    const size = archive.pieceSize.tooMany(values.length, kindOf(values), error.posted)
    if (size === null) {
      throw error.cause
    }
    return listParts(archive, listing, size, context)
  }
}

/** Sequential: each part uses what the previous one learned about the server. */
async function listParts<V extends string | number>(
  archive: Archive,
  listing: ListingIn<V>,
  size: number,
  context: CallContext,
): Promise<readonly ArchiveRow[]> {
  const rows: ArchiveRow[] = []
  for (const values of chunksOf(listing.values, size)) {
    rows.push(...(await listPiece(archive, { ...listing, values }, context)))
  }
  return rows
}

function mostOf(
  archive: Archive,
  { values, rowsPerValue }: Omit<ListingIn<string | number>, 'of'>,
) {
  return archive.pieceSize.most(kindOf(values), rowsPerValue)
}

function kindOf(values: readonly (string | number)[]): ValueKind {
  return typeof values[0] === 'number' ? 'number' : 'text'
}
