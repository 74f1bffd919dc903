import { z } from 'zod'
import { answer, part } from '../../../http/index.js'
import { type ArchiveRow, normalizeRows } from '../wire/values.js'

/** Most rows per request: this many only if one record alone fills a shorter page. */
export const MAX_PAGE_ROWS = 64_000

/** An archive's answer. A missing next link means the end, like null. */
export const archiveAnswer = answer(
  { name: 'superoffice.archivePage', operation: 'GET /Archive/{provider}', lossUnit: 'page' },
  part({
    'odata.nextLink': z.string().nullish(),
    // Values are judged where they are used: a zod record would visit thousands of them without a finding.
    value: z.array(z.unknown()).max(MAX_PAGE_ROWS),
  }),
)

/** A page of rows, and the query of the next one if the server reports one. */
export interface ArchivePage {
  readonly rows: readonly ArchiveRow[]
  readonly nextQuery: string | null
}

/**
 * Reads an answer. Only the query of a next link is kept: behind a reverse proxy its host is internal
 * (docs/wire-superoffice.md, 2.3).
 */
export function toArchivePage(body: z.output<typeof archiveAnswer.schema>): ArchivePage {
  const link = body['odata.nextLink'] ?? ''
  const at = link.indexOf('?')
  return {
    rows: normalizeRows(body.value),
    nextQuery: at === -1 ? null : link.slice(at + 1),
  }
}

/** A page of an archive. */
export interface ArchiveQuery {
  /** `dynamic`, or the name of a provider. */
  readonly provider: string
  readonly select: readonly string[]
  readonly filter: string
  readonly orderBy: string
  readonly top: number
  /** Selected columns that an installation may lack, and that the caller can do without. */
  readonly mayLack?: readonly string[]
  /** For the tally. */
  readonly name: string
}
